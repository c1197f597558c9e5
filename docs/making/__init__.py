"""What the documentation makes of the code: pages, navigation and the picture of the corridor."""

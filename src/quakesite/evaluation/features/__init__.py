"""What the baselines are trained on, apart from what is made of it: a change there reads no record again."""

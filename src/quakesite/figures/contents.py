"""What a run shows, in the order of the corridor: the chapters of the report and of the gallery."""

from __future__ import annotations

from typing import NamedTuple

SYNTHETIC = "synthetic archive: shows the workflow, not how well Vs30 is predicted"
"""What stands on everything made from the synthetic archive."""


class Entry(NamedTuple):
    """A figure or table: its title, the chapter it stands in, and of a table its folder in the results."""

    title: str
    chapter: str
    folder: str = ""


SUMMARY = "0 Summary"
RECORDS = "1 Records"
STATIONS = "2 Stations"
PICKS = "3 Picks"
WINDOWS = "4 Windows"
TRAINING = "5 Training"
EVALUATION = "6 Evaluation"
MAP = "7 Map"
CHAPTERS = (SUMMARY, RECORDS, STATIONS, PICKS, WINDOWS, TRAINING, EVALUATION, MAP)

FIGURES = {
    "skill": Entry("Skill of every model and baseline", SUMMARY),
    "overview": Entry("The records", RECORDS),
    "record": Entry("Sheet of one record", RECORDS),
    "fig1": Entry("Stations by site class (the paper's Figure 1)", STATIONS),
    "agreement": Entry("Pick methods against each other", PICKS),
    "fig3": Entry("What a network is given (the paper's Figure 3)", WINDOWS),
    "fig4": Entry("Loss and error against epoch (the paper's Figure 4)", TRAINING),
    "predicted": Entry("Predicted against measured Vs30", EVALUATION),
    "hv": Entry("H/V curves of a station beside its prediction", EVALUATION),
    "learning-curve": Entry("Error against the number of stations", EVALUATION),
    "fig5": Entry("Regions of stations (the paper's Figure 5)", EVALUATION),
    "fig6": Entry("Error by region (the paper's Figure 6)", EVALUATION),
}

TABLES = {
    "skill": Entry("Skill of every model and baseline (collapse audit)", SUMMARY),
    "rejects": Entry("What was refused, by stage and reason", SUMMARY),
    "counts": Entry("Stations, events and records beside the paper's", RECORDS),
    "conflicts": Entry("Where sources on a station disagree", STATIONS, "stations/"),
    "comparison": Entry("Record headers beside the station list", STATIONS, "stations/"),
    "agreement": Entry("Pick methods against each other, by phase and bin", PICKS),
    "table1": Entry("Table I: the experiments and their data", TRAINING),
    "table2": Entry("Table II: error by site class", EVALUATION),
    "ranking": Entry("Which model to use: the best on validation stations first", EVALUATION),
    "control": Entry("Models given another record's picks", EVALUATION),
    "predictions": Entry("Vs30 by station, with intervals", EVALUATION),
    "coverage": Entry("Whether the intervals hold what they promise", EVALUATION),
    "class_skill": Entry("Class probabilities beside how frequent the classes are", EVALUATION),
    "class_reliability": Entry("Whether the class probabilities come true", EVALUATION, "evaluation/"),
    "regions": Entry("Error by region, in numbers", EVALUATION),
    "region_criteria": Entry("What speaks for each number of regions", EVALUATION, "evaluation/"),
    "learning_curve": Entry("Error by number of stations and trial", EVALUATION),
}


def path_of_table(name: str) -> str:
    """Returns the path of the table in the results."""
    return f"{TABLES[name].folder}{name}.csv"

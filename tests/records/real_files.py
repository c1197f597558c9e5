"""Every file of `../shared/data/{tadas,nsmn,afad1218}` by name, and what should become of it."""

from __future__ import annotations

STAMP = "20230206011732"
SAMOS = "20201030115124"

LOOSE = """
0118 0120 0123 0125 0128 0130 0132 0134 0138 0140 0142 0144 0208 0213 0215 0217 2103 2106 2108 2704 2708 2710
2712 2715 2717 3112 3114 3116 3119 3121 3124 3126 3131 3133 3135 3137 3139 3141 3143 3145 3147 4405 4407 4409
4412 4414 4615 4618 4620 4624 4630 4632 6303 6305 7901 8003
"""
"""Stations of the 2023-02-06 Mw 7.7 earthquake, re-filtered, in the folder."""

ZIPPED = """
0119 0122 0124 0127 0129 0131 0133 0137 0139 0141 0143 0201 0210 0214 0216 2101 2104 2107 2703 2707 2709 2711
2713 2716 2718 3113 3115 3117 3120 3123 3125 3129 3132 3134 3136 3138 3140 3142 3144 3146 4404 4406 4408 4410
4413 4613 4617 4619 4621 4629 4631 6302 6304 6306 8002 8004
"""
"""The others, in the zip."""

MAT = """
20120106001648_6501 20120112192502_4905 20120113141020_2507 20120114055233_5801 20130420010954_6501
20150103232415_2704 20160203212508_4614 20170112020218_4627 20170802040246_4806 20180521010924_4614
20180926094845_1505 20181009153932_2408 20181116074358_0208
"""
NSMN = ["20170720223109_0921", "20180307050823_1210"]

INSTEAD = {
    # the same record unfiltered, in a form that comes first: 0131 loose, 3126 in ASCSample.zip
    "0131": "duplicate",
    "3126": "duplicate",
    # E moves 160 times as much as N and U: two dead sensors
    "2713": "flat",
    # dead sensors: noise of 0.02 to 0.15 cm/s^2, and at 3117 of 235 cm/s^2 from beginning to end
    **dict.fromkeys(("3113", "3114", "3117", "3119", "3120", "4619"), "noise_only"),
}


def refiltered(station: str) -> dict[str, str]:
    """The three files of one station in the re-filtered family."""
    level = "mp" if station == "3144" else "ap"
    fate = INSTEAD.get(station, f"{STAMP}_{station}")
    return {f"{STAMP}_{station}_{level}_AAD_Acc_{component}.asc": fate for component in "ENU"}


def below(container: str, files: dict[str, str]) -> dict[str, str]:
    """The same with the folder or zip that holds them before their names."""
    return {f"{container}{name}": fate for name, fate in files.items()}


def samos(station: str) -> dict[str, str]:
    """The three files of one station of the 2020-10-30 Mw 6.6 earthquake."""
    return {f"{SAMOS}_{station}_mp_RawAcc_{component}.asc": f"{SAMOS}_{station}" for component in "ENU"}


FATES: dict[str, str] = {
    **{
        name: fate
        for s in LOOSE.split()
        for name, fate in below("tadas/20230206_pazarcik/", refiltered(s)).items()
    },
    **{
        name: fate
        for s in ZIPPED.split()
        for name, fate in below(f"tadas/{STAMP}_export.zip!", refiltered(s)).items()
    },
    **{
        name: fate
        for s in ("0905", "0918", "3511", "3513")
        for name, fate in below(f"tadas/GuestUser_RawAcc_{SAMOS}_{s}/", samos(s)).items()
    },
    **{
        name: fate
        for s in ("3517", "3519", "3521", "4501")
        for name, fate in below(f"tadas/GuestUser_RawAcc_{SAMOS}_{s}.zip!", samos(s)).items()
    },
    # macOS twins
    **{
        f"tadas/GuestUser_RawAcc_{SAMOS}_0905/._{SAMOS}_0905_mp_RawAcc_{c}.asc": "not_a_record" for c in "ENU"
    },
    f"tadas/Ex{STAMP}_0131_ap_Acc_E .asc": f"{STAMP}_0131",
    f"tadas/Ex{STAMP}_0131_ap_Acc_N.asc": f"{STAMP}_0131",
    f"tadas/Ex{STAMP}_0131_ap_Acc_U.asc": f"{STAMP}_0131",
    f"tadas/ASCSample.zip!{STAMP}_3126_ap_Acc_E.asc": f"{STAMP}_3126",
    f"tadas/ASCSample.zip!{STAMP}_3126_ap_Acc_N.asc": f"{STAMP}_3126",
    f"tadas/ASCSample.zip!{STAMP}_3126_ap_Acc_U.asc": f"{STAMP}_3126",
    # E sits at its rail, and so nothing needs the StationXML
    "tadas/miniSEEDSample.zip!20230626064129_KKOY_H.mseed": "flat",
    "tadas/miniSEEDSample.zip!20230626064129_KKOY_H.xml": "not_a_record",
    "tadas/fullSEEDSample.zip!20230626064129_1211_N.fseed": "20230626064129_1211",
    "tadas/fullSEEDSample.zip!20230626064129_1211_N.xml": "20230626064129_1211",
    # a record without its vertical; one component alone
    f"tadas/{STAMP}_3116_mp_Acc_E.asc": "missing_component",
    f"tadas/{STAMP}_3116_mp_Acc_N.asc": "missing_component",
    "tadas/20101114230825_3104_ap_RawAcc_E.asc": "missing_component",
    **{f"nsmn/{name}.txt": name for name in NSMN},
    **{f"afad1218/{name}.mat": name for name in MAT.split()},
}
"""Path (members of zips after `!`) to the id of the record it is part of, or the reason it is refused for."""

RECORDS = {fate for fate in FATES.values() if fate[0].isdigit()}

# Stage `figures`: the paper's figures and ours, as SVG with a PNG beside it; pages of the tables; the map; and
# what `snakemake --report` puts together from them.
#
# makes   figures/fig1        stations by NEHRP site class
#         figures/fig3        the four-channel input of one record
#         figures/fig4        loss and errors against epoch, five experiments
#         figures/fig5        regions of stations
#         figures/fig6        errors per region
#         figures/predicted   predicted against measured Vs30, with intervals
#         figures/agreement   how far the pick methods agree
#         figures/skill       skill of every model and baseline, the best constant as the zero line
#         figures/overview    the records: magnitude and distance, records per station, signal-to-noise ratio
#         figures/hv          H/V curves of one station beside its prediction
#         figures/record      sheet of one record: components, picks, window, spectrogram
#         figures/map.html    interactive map of the stations, one file
#         figures/tables/*.html  every table as a page
#         docs/gallery.md     with docs/images, by `snakemake gallery` alone
from quakesite.figures.captions import Captions
from quakesite.figures.contents import FIGURES, TABLES, path_of_table
from quakesite.figures.contents import MAP as MAP_CHAPTER
from quakesite.figures.numbers import RunNumbers

# Captions are filled with the run's own numbers, which the templates in workflow/report ask these two for.
CAPTIONS = HOME / "workflow/report"
config["run"] = RunNumbers(
    R,
    settings.n_shards,
    synthetic=settings.uses_demo,
    method=METHOD_OF["auto"],
    confidence=settings.evaluation.confidence,
    ground_weight=settings.evaluation.ground_weight,
)
config["captions"] = Captions(CAPTIONS, config["run"])


report: "../report/workflow.rst"


# What each figure is drawn from; the sheet of one record and the map have rules of their own.
DRAWN_FROM = {
    "fig1": [f"{R}/stations/stations.parquet"],
    "fig3": windows_of("pga60", "auto"),
    "fig5": [f"{R}/evaluation/region_members.csv"],
    "fig6": [f"{R}/regions.csv"],
    "predicted": [f"{R}/predictions.csv"],
    "skill": [f"{R}/skill.csv"],
    "agreement": [f"{R}/agreement.csv"],
    "learning-curve": [f"{R}/learning_curve.csv"],
    "overview": [f"{R}/records/catalogue.parquet", f"{R}/picks.parquet"],
    "hv": [
        f"{R}/predictions.csv",
        *expand(f"{R}/evaluation/features/{{shard}}.parquet", shard=SHARDS),
    ],
}

if PRINTED:
    DRAWN_FROM["fig4"] = expand(
        f"{R}/training/{{experiment}}/{{trial}}/history.csv", experiment=PRINTED, trial=TRIALS
    )

# Options of figures that have any.
OPTIONS = {
    "fig4": f"--preset {settings.training.preset}",
    "overview": f"--method {METHOD_OF['auto']}"
    + ("" if settings.records.min_snr_db is None else f" --min-snr-db {settings.records.min_snr_db}"),
}


rule figure:
    input:
        tables=lambda wildcards: DRAWN_FROM[wildcards.figure],
    output:
        svg=report(
            f"{R}/figures/{{figure}}.svg",
            caption="../report/figure.rst",
            category=lambda wildcards: FIGURES[wildcards.figure].chapter,
            labels=lambda wildcards: {"Figure or table": FIGURES[wildcards.figure].title},
        ),
        png=f"{R}/figures/{{figure}}.png",
    log:
        f"{LOGS}/figures/{{figure}}.log",
    benchmark:
        f"{BENCHMARKS}/figures/{{figure}}.tsv"
    wildcard_constraints:
        figure="|".join(DRAWN_FROM),
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("figures"),
        options=lambda wildcards: OPTIONS.get(wildcards.figure, ""),
        synthetic=SYNTHETIC,
    shell:
        "quakesite figures {wildcards.figure} {input.tables:q} {params.options} {params.synthetic}"
        " --out {output.svg:q} > {log:q} 2>&1"


rule record_sheet:
    input:
        records=expand(f"{R}/records/{{shard}}.parquet", shard=SHARDS),
        picks=f"{R}/picks.parquet",
        windows=windows_of("pga60", "auto"),
    output:
        svg=report(
            f"{R}/figures/record.svg",
            caption="../report/figure.rst",
            category=FIGURES["record"].chapter,
            labels={"Figure or table": FIGURES["record"].title},
        ),
        png=f"{R}/figures/record.png",
    log:
        f"{LOGS}/figures/record.log",
    benchmark:
        f"{BENCHMARKS}/figures/record.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("figures"),
        synthetic=SYNTHETIC,
    shell:
        "quakesite figures record {input.records:q} --picks {input.picks:q} --windows {input.windows:q}"
        " {params.synthetic} --out {output.svg:q} > {log:q} 2>&1"


rule station_map:
    input:
        stations=f"{R}/stations/stations.parquet",
        predictions=f"{R}/predictions.csv",
        catalogue=f"{R}/records/catalogue.parquet",
        picks=f"{R}/picks.parquet",
        features=expand(f"{R}/evaluation/features/{{shard}}.parquet", shard=SHARDS),
    output:
        report(
            f"{R}/figures/map.html",
            caption="../report/figure.rst",
            category=MAP_CHAPTER,
            labels={"Figure or table": "Map of stations"},
        ),
    log:
        f"{LOGS}/figures/map.log",
    benchmark:
        f"{BENCHMARKS}/figures/map.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("figures"),
        method=METHOD_OF["auto"],
        synthetic=SYNTHETIC,
    shell:
        "quakesite figures map {input.stations:q} {input.predictions:q} {input.catalogue:q} {input.picks:q}"
        " {input.features:q} --method {params.method} {params.synthetic} --out {output:q} > {log:q} 2>&1"


rule table_page:
    input:
        lambda wildcards: f"{R}/{path_of_table(wildcards.table)}",
    output:
        report(
            f"{R}/figures/tables/{{table}}.html",
            caption="../report/table.rst",
            category=lambda wildcards: TABLES[wildcards.table].chapter,
            labels=lambda wildcards: {"Figure or table": TABLES[wildcards.table].title},
        ),
    log:
        f"{LOGS}/figures/tables/{{table}}.log",
    benchmark:
        f"{BENCHMARKS}/figures/tables/{{table}}.tsv"
    wildcard_constraints:
        table="|".join(TABLES),
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("figures"),
        synthetic=SYNTHETIC,
    shell:
        "quakesite figures table {input:q} {params.synthetic} --out {output:q} > {log:q} 2>&1"


rule figures:
    input:
        expand(f"{R}/figures/{{figure}}.svg", figure=DRAWN_FROM),
        rules.record_sheet.output,
        rules.station_map.output,
        expand(f"{R}/figures/tables/{{table}}.html", table=TABLES),
    localrule: True


rule gallery:
    input:
        rules.figures.input,
    output:
        "docs/gallery.md",
    log:
        f"{LOGS}/figures/gallery.log",
    benchmark:
        f"{BENCHMARKS}/figures/gallery.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code_digest("figures"),
        results=lambda wildcards, input: str(Path(input[0]).parents[1]),
        n_shards=settings.n_shards,
        captions=str(CAPTIONS),
        docs=lambda wildcards, output: str(Path(output[0]).parent),
        method=METHOD_OF["auto"],
        confidence=settings.evaluation.confidence,
        ground_weight=settings.evaluation.ground_weight,
        synthetic=SYNTHETIC,
    shell:
        "quakesite figures gallery {params.results:q} --n-shards {params.n_shards} --captions {params.captions:q}"
        " --docs {params.docs:q} --method {params.method} --confidence {params.confidence}"
        " --ground-weight {params.ground_weight} {params.synthetic} > {log:q} 2>&1"

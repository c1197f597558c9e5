# Stage `figures`: the paper's figures and ours, as SVG with a PNG beside it.
#
# makes   figures/fig1        stations by NEHRP site class
#         figures/fig3        the four-channel input of one record
#         figures/fig4        loss and errors against epoch, five experiments
#         figures/fig5        regions of stations
#         figures/fig6        errors per region
#         figures/predicted   predicted against measured Vs30, with intervals
#         figures/skill       skill of every model and baseline, the best constant as the zero line
FIGURES = {
    "fig1": [f"{R}/stations/stations.parquet"],
    "fig3": windows_of("pga60", "auto"),
    "fig5": [f"{R}/evaluation/region_members.csv"],
    "fig6": [f"{R}/regions.csv"],
    "predicted": [f"{R}/predictions.csv"],
    "skill": [f"{R}/skill.csv"],
    "learning-curve": [f"{R}/learning_curve.csv"],
}

if PRINTED:
    FIGURES["fig4"] = expand(
        f"{R}/training/{{experiment}}/{{trial}}/history.csv", experiment=PRINTED, trial=TRIALS
    )


rule figure:
    input:
        tables=lambda wildcards: FIGURES[wildcards.figure],
    output:
        svg=f"{R}/figures/{{figure}}.svg",
        png=f"{R}/figures/{{figure}}.png",
    log:
        f"{LOGS}/figures/{{figure}}.log",
    benchmark:
        f"{BENCHMARKS}/figures/{{figure}}.tsv"
    wildcard_constraints:
        figure="|".join(FIGURES),
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
        "quakesite figures {wildcards.figure} {input.tables:q} {params.synthetic} --out {output.svg:q} > {log:q} 2>&1"


rule figures:
    input:
        expand(f"{R}/figures/{{figure}}.svg", figure=FIGURES),
    localrule: True

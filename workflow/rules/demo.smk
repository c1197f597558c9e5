# Stage `demo`: the synthetic archive in the true TADAS form, made while it is the configured archive.
#
# makes   resources/demo/archive/            zips and folders of DYNA 1.2 .asc files
#         resources/demo/stations.xlsx       station list, as TADAS exports it
#         resources/demo/reports/            MASW reports
#         resources/demo/manual_picks.csv    record_id, phase, time_s, ...
#         resources/demo/truth.csv           what was injected into each record, and what should become of it
#         resources/demo/truth_stations.csv  the sites: Vs30, f0, profile, and what each source states


rule demo:
    output:
        archive=local(directory("resources/demo/archive")),
        reports=local(directory("resources/demo/reports")),
        stations=local("resources/demo/stations.xlsx"),
        manual=local("resources/demo/manual_picks.csv"),
        truth=local("resources/demo/truth.csv"),
        truth_stations=local("resources/demo/truth_stations.csv"),
    log:
        f"{LOGS}/demo.log",
    benchmark:
        f"{BENCHMARKS}/demo.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_digest("demo"),
        out=lambda wildcards, output: str(Path(output.truth).parent),
        settings=as_json(settings.demo, without=["training"]),
    shell:
        "quakesite demo make --settings {params.settings:q} --out {params.out:q} > {log:q} 2>&1"

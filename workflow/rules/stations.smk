# Stage `stations`: every source of Vs30 joined into one table of stations.
#
# needs   station tables, folders of MASW reports, site features, the records' headers
# makes   stations/stations.parquet  one row per station (quakesite.stations.schema.STATIONS)
#         stations/conflicts.csv     one row per disagreement between two sources
#         stations/comparison.csv    record headers against the station list, one row per station with records
#         stations/rejects.parquet   record_id, source, stage, reason, detail


rule stations:
    input:
        demo=DEMO,
        tables=[local(path) for path in settings.stations.tables],
        features=[local(path) for path in settings.stations.feature_files],
        records=expand(f"{R}/records/{{shard}}.parquet", shard=SHARDS),
    output:
        stations=f"{R}/stations/stations.parquet",
        conflicts=f"{R}/stations/conflicts.csv",
        comparison=f"{R}/stations/comparison.csv",
        rejects=f"{R}/stations/rejects.parquet",
    log:
        f"{LOGS}/stations.log",
    benchmark:
        f"{BENCHMARKS}/stations.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_input(1500, 0.5),
        runtime=60,
    params:
        code=code_digest("stations"),
        reports=reports_digest,
        settings=as_json(settings.stations),
    shell:
        "quakesite stations join {input.records:q} --settings {params.settings:q} --out {output.stations:q}"
        " --conflicts {output.conflicts:q} --comparison {output.comparison:q} --rejects {output.rejects:q} > {log:q} 2>&1"

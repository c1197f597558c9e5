# Stage `records`: every record of the archive, read, checked and written to its shard.
#
# needs   the archive; tables of events, if `records.events` names any
# makes   records/sources.parquet   one row per file: shard, station, source, form, size
#         records/{shard}.parquet   one row per record (quakesite.records.schema.RECORDS)
#         records/rejects/*.parquet record_id, source, stage, reason, detail
#         records/catalogue.parquet one row per record of all shards, without samples (schema.CATALOGUE)


rule archive_index:
    input:
        demo=DEMO,
    output:
        sources=f"{R}/records/sources.parquet",
        rejects=f"{R}/records/rejects/archive.parquet",
    log:
        f"{LOGS}/archive_index.log",
    benchmark:
        f"{BENCHMARKS}/archive_index.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_digest("records"),
        archive=settings.archive,
        n_shards=settings.n_shards,
        sources=sources_of_archive,
    shell:
        "quakesite records index {params.archive:q} --n-shards {params.n_shards}"
        " --out {output.sources:q} --rejects {output.rejects:q} > {log:q} 2>&1"


rule records:
    input:
        demo=DEMO,
        events=[local(path) for path in settings.records.events],
    output:
        records=f"{R}/records/{{shard}}.parquet",
        rejects=f"{R}/records/rejects/{{shard}}.parquet",
    log:
        f"{LOGS}/records/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/records/{{shard}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_shard(800, 4),
        runtime=of_shard(10, 0.1),
    params:
        code=code_digest("records"),
        sources=sources_of_shard,
        # Taken from `input` so that Snakemake forgets it: another archive beside the first makes only those
        # shards stale that have stations in it, which `sources` tells.
        archive=lambda wildcards, input: settings.archive,
        settings=as_json(settings.records, without=["min_snr_db", "min_p_time_s"]),
    shell:
        "quakesite records shard {wildcards.shard} {params.archive:q} --settings {params.settings:q}"
        " --out {output.records:q} --rejects {output.rejects:q} > {log:q} 2>&1"


rule catalogue:
    input:
        records=expand(f"{R}/records/{{shard}}.parquet", shard=SHARDS),
    output:
        f"{R}/records/catalogue.parquet",
    log:
        f"{LOGS}/catalogue.log",
    benchmark:
        f"{BENCHMARKS}/catalogue.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("records"),
    shell:
        "quakesite records catalogue {input.records:q} --out {output:q} > {log:q} 2>&1"

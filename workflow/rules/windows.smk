# Stage `windows`: four-channel windows around PGA or P, sharded.
#
# needs   records/{shard}.parquet, picks/{method}/{shard}.parquet
# makes   windows/{window}/{annotation}/{shard}.parquet  one row per record (quakesite.windows.schema.WINDOWS)
#         windows/rejects/{window}/{annotation}/{shard}.parquet


rule windows:
    input:
        records=f"{R}/records/{{shard}}.parquet",
        picks=lambda wildcards: f"{R}/picks/{METHOD_OF[wildcards.annotation]}/{{shard}}.parquet",
    output:
        windows=f"{R}/windows/{{window}}/{{annotation}}/{{shard}}.parquet",
        rejects=f"{R}/windows/rejects/{{window}}/{{annotation}}/{{shard}}.parquet",
    log:
        f"{LOGS}/windows/{{window}}/{{annotation}}/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/windows/{{window}}/{{annotation}}/{{shard}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_shard(1000, 4),
        runtime=of_shard(5, 0.05),
    params:
        code=code_digest("windows"),
        settings=window_settings,
        min_p_time=(
            ""
            if settings.records.min_p_time_s is None
            else f"--min-p-time-s {settings.records.min_p_time_s}"
        ),
        min_snr=("" if settings.records.min_snr_db is None else f"--min-snr-db {settings.records.min_snr_db}"),
    shell:
        "quakesite windows shard {input.records:q} {input.picks:q} --window {wildcards.window}"
        " --annotation {wildcards.annotation}"
        " --settings {params.settings:q} {params.min_snr} {params.min_p_time}"
        " --out {output.windows:q} --rejects {output.rejects:q} > {log:q} 2>&1"

# Stage `picks`: P and S arrivals, by every configured method, in one table format.
#
# needs   records/{shard}.parquet, EQTransformer's weights, a table of manual picks
# makes   picks/{method}/{shard}.parquet  at most one row per record and phase (quakesite.picks.schema.PICKS)
#         picks/rejects/{method}/{shard}.parquet
#         picks.parquet                   all shards, all methods
#         agreement.csv                   the methods against each other
WEIGHTS = "resources/weights/eqtransformer.safetensors"
PICK_METHODS = [*settings.picks.methods, *(["manual"] if settings.picks.manual else [])]


rule eqt_weights:
    output:
        WEIGHTS,
    log:
        f"{LOGS}/eqt_weights.log",
    benchmark:
        f"{BENCHMARKS}/eqt_weights.tsv"
    retries: 2
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        origin=settings.picks.weights,
    shell:
        "quakesite picks weights --from {params.origin:q} --out {output:q} > {log:q} 2>&1"


rule picks_eqtransformer:
    input:
        records=f"{R}/records/{{shard}}.parquet",
        weights=WEIGHTS,
    output:
        picks=f"{R}/picks/eqtransformer/{{shard}}.parquet",
        rejects=f"{R}/picks/rejects/eqtransformer/{{shard}}.parquet",
    log:
        f"{LOGS}/picks/eqtransformer/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/picks/eqtransformer/{{shard}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        code=code_digest("picks"),
        settings=as_json(settings.picks, without=["methods", "weights", "manual"]),
    shell:
        "quakesite picks shard {input.records:q} --method eqtransformer --weights {input.weights:q}"
        " --settings {params.settings:q} --out {output.picks:q} --rejects {output.rejects:q} > {log:q} 2>&1"


rule picks_without_weights:
    input:
        records=f"{R}/records/{{shard}}.parquet",
    output:
        picks=f"{R}/picks/{{method}}/{{shard}}.parquet",
        rejects=f"{R}/picks/rejects/{{method}}/{{shard}}.parquet",
    log:
        f"{LOGS}/picks/{{method}}/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/picks/{{method}}/{{shard}}.tsv"
    wildcard_constraints:
        method="kalkan|author",
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code_digest("picks"),
        settings=as_json(settings.picks, without=["methods", "weights", "manual"]),
    shell:
        "quakesite picks shard {input.records:q} --method {wildcards.method} --settings {params.settings:q}"
        " --out {output.picks:q} --rejects {output.rejects:q} > {log:q} 2>&1"


rule picks_manual:
    input:
        records=f"{R}/records/{{shard}}.parquet",
        manual=settings.picks.manual or [],
    output:
        picks=f"{R}/picks/manual/{{shard}}.parquet",
        rejects=f"{R}/picks/rejects/manual/{{shard}}.parquet",
    log:
        f"{LOGS}/picks/manual/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/picks/manual/{{shard}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_digest("picks"),
        settings=as_json(settings.picks, without=["methods", "weights", "manual"]),
    shell:
        "quakesite picks shard {input.records:q} --method manual --manual {input.manual:q}"
        " --shard {wildcards.shard} --settings {params.settings:q} --out {output.picks:q} --rejects {output.rejects:q} > {log:q} 2>&1"


rule picks:
    input:
        picks=expand(
            f"{R}/picks/{{method}}/{{shard}}.parquet",
            method=PICK_METHODS,
            shard=SHARDS,
        ),
    output:
        f"{R}/picks.parquet",
    log:
        f"{LOGS}/picks.log",
    benchmark:
        f"{BENCHMARKS}/picks.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("picks"),
    shell:
        "quakesite picks join {input.picks:q} --out {output:q} > {log:q} 2>&1"


rule agreement:
    input:
        picks=f"{R}/picks.parquet",
    output:
        f"{R}/agreement.csv",
    log:
        f"{LOGS}/agreement.log",
    benchmark:
        f"{BENCHMARKS}/agreement.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("picks"),
    shell:
        "quakesite picks agreement {input.picks:q} --out {output:q} > {log:q} 2>&1"

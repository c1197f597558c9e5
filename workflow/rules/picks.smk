# Stage `picks`: P and S arrivals, by every configured method, in one table format.
#
# needs   records/{shard}.parquet, the networks' weights, a table of manual picks
# makes   picks/{method}/{shard}.parquet             at most one row per record and phase (quakesite.picks.schema.PICKS)
#         picks/rejects/{method}/{shard}.parquet
#         picks/candidates/{network}/{shard}.parquet everything above threshold (quakesite.picks.schema.CANDIDATES)
#         picks.parquet                              all shards, all methods
#         candidates.parquet                         all shards, all networks
#         agreement.csv                              the methods against each other
PICK_METHODS = [*settings.picks.names, *(["manual"] if settings.picks.manual else [])]


rule network_weights:
    output:
        local("resources/weights/{network}.safetensors"),
    log:
        f"{LOGS}/weights/{{network}}.log",
    benchmark:
        f"{BENCHMARKS}/weights/{{network}}.tsv"
    retries: 2
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        origin=lambda wildcards: settings.picks.weights_of(wildcards.network),
    shell:
        "quakesite picks weights --network {wildcards.network} --from {params.origin:q} --out {output:q} > {log:q} 2>&1"


rule picks_network:
    input:
        records=f"{R}/records/{{shard}}.parquet",
        weights=local("resources/weights/{network}.safetensors"),
    output:
        picks=f"{R}/picks/{{network}}/{{shard}}.parquet",
        rejects=f"{R}/picks/rejects/{{network}}/{{shard}}.parquet",
        candidates=f"{R}/picks/candidates/{{network}}/{{shard}}.parquet",
    log:
        f"{LOGS}/picks/{{network}}/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/picks/{{network}}/{{shard}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_shard(1500, 4),
        runtime=of_shard(20, 0.3),
    params:
        code=code_digest("picks"),
        settings=as_json(settings.picks, without=["methods", "weights", "manual"]),
    shell:
        "quakesite picks shard {input.records:q} --method {wildcards.network} --weights {input.weights:q}"
        " --settings {params.settings:q} --out {output.picks:q} --rejects {output.rejects:q}"
        " --candidates {output.candidates:q} > {log:q} 2>&1"


rule picks_without_weights:
    input:
        records=f"{R}/records/{{shard}}.parquet",
        own=lambda wildcards: settings.picks.own.get(wildcards.method, []),
    output:
        picks=f"{R}/picks/{{method}}/{{shard}}.parquet",
        rejects=f"{R}/picks/rejects/{{method}}/{{shard}}.parquet",
    log:
        f"{LOGS}/picks/{{method}}/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/picks/{{method}}/{{shard}}.tsv"
    wildcard_constraints:
        method="|".join(["kalkan", "author", *settings.picks.own]),
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_shard(1000, 4),
        runtime=of_shard(20, 0.3),
    params:
        code=code_digest("picks"),
        method=lambda wildcards: settings.picks.own.get(wildcards.method, wildcards.method),
        settings=as_json(settings.picks, without=["methods", "weights", "manual"]),
    shell:
        "quakesite picks shard {input.records:q} --method {params.method:q} --settings {params.settings:q}"
        " --out {output.picks:q} --rejects {output.rejects:q} > {log:q} 2>&1"


rule picks_manual:
    input:
        records=f"{R}/records/{{shard}}.parquet",
        manual=[local(path) for path in [settings.picks.manual] if path],
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
        mem_mb=of_shard(800, 4),
        runtime=of_shard(5, 0.05),
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
        candidates=expand(
            f"{R}/picks/candidates/{{network}}/{{shard}}.parquet",
            network=settings.picks.networks,
            shard=SHARDS,
        ),
    output:
        picks=f"{R}/picks.parquet",
        candidates=f"{R}/candidates.parquet",
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
        "quakesite picks join {input.picks:q} --candidates {input.candidates:q} --out {output.picks:q}"
        " --candidates-out {output.candidates:q} > {log:q} 2>&1"


rule agreement:
    input:
        picks=f"{R}/picks.parquet",
        records=expand(f"{R}/records/{{shard}}.parquet", shard=SHARDS),
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
        "quakesite picks agreement {input.picks:q} --records {input.records:q} --out {output:q} > {log:q} 2>&1"

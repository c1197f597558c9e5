# Stage `training`: the twelve experiments of the paper's Table I, a number of trials each.
#
# needs   windows/{window}/{annotation}/{shard}.parquet, stations/stations.parquet
# makes   training/splits/{trial}.csv           trial, station, split
#         training/encoder/{channels}/{trial}/  the pretrained encoder of the gamma experiments
#         training/{experiment}/{trial}/        predictions.parquet, history.csv, model.safetensors, trial.json


rule splits:
    input:
        stations=f"{R}/stations/stations.parquet",
    output:
        f"{R}/training/splits/{{trial}}.csv",
    log:
        f"{LOGS}/training/splits/{{trial}}.log",
    benchmark:
        f"{BENCHMARKS}/training/splits/{{trial}}.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("training"),
        seed=settings.training.seed,
    shell:
        "quakesite training splits {input.stations:q} --trial {wildcards.trial} --seed {params.seed}"
        " --out {output:q} > {log:q} 2>&1"


rule pretrain:
    input:
        windows=windows_of("pga60", "auto"),
        splits=f"{R}/training/splits/{{trial}}.csv",
    output:
        f"{R}/training/encoder/{{channels}}/{{trial}}/encoder.safetensors",
    log:
        f"{LOGS}/training/encoder/{{channels}}/{{trial}}.log",
    benchmark:
        f"{BENCHMARKS}/training/encoder/{{channels}}/{{trial}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        code=code_digest("training"),
        settings=as_json(settings.training, without=["experiments", "trials"]),
    shell:
        "quakesite training pretrain --trial {wildcards.trial} --channels {wildcards.channels}"
        " --windows {input.windows:q} --splits {input.splits:q} --settings {params.settings:q}"
        " --out {output:q} > {log:q} 2>&1"


rule train:
    input:
        train=train_windows,
        test=test_windows,
        stations=f"{R}/stations/stations.parquet",
        splits=f"{R}/training/splits/{{trial}}.csv",
        encoder=encoder,
    output:
        predictions=f"{R}/training/{{experiment}}/{{trial}}/predictions.parquet",
        history=f"{R}/training/{{experiment}}/{{trial}}/history.csv",
        model=f"{R}/training/{{experiment}}/{{trial}}/model.safetensors",
        trial=f"{R}/training/{{experiment}}/{{trial}}/trial.json",
    log:
        f"{LOGS}/training/{{experiment}}/{{trial}}.log",
    benchmark:
        f"{BENCHMARKS}/training/{{experiment}}/{{trial}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        code=code_digest("training"),
        settings=as_json(settings.training, without=["experiments", "trials"]),
        out=lambda wildcards, output: str(Path(output.predictions).parent),
        encoder=lambda wildcards, input: [f"--encoder={path}" for path in input.encoder],
    shell:
        "quakesite training train {wildcards.experiment} --trial {wildcards.trial} --train-windows {input.train:q}"
        " --test-windows {input.test:q}"
        " --stations {input.stations:q} --splits {input.splits:q} {params.encoder:q}"
        " --settings {params.settings:q} --out-dir {params.out:q} > {log:q} 2>&1"

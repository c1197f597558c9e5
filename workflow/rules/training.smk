# Stage `training`: the twelve experiments of the paper's Table I, a number of trials each.
#
# needs   windows/{window}/{annotation}/{shard}.parquet, stations/stations.parquet
# makes   training/splits/{trial}.csv           trial, station, split
#         training/encoder/{channels}/{trial}/  the pretrained encoder of the gamma experiments
#         training/{experiment}/{trial}/        predictions.parquet, history.csv, model.safetensors, trial.json,
#                                               last.safetensors
# and, for who asks for them,
#         training_variants/{variant}/…         the same with other settings (`training.variants`, `ablation`)
#         training/trials.csv, selection.csv    all trials; which variant validation prefers
#         ablation.csv                          what each piece of a way to train brings

VARIANT = f"{R}/training_variants/{{variant}}"
CHOICES = [None, *variants_of(settings.training.variants)]
ABLATION = settings.training.ablation
ABLATED = list(variants_of(ablation_variants))
ABLATION_TABLE = [ablation_variants] if isinstance(ablation_variants, str) else []
NOT_OF_ABLATION = sorted(type(settings.evaluation).model_fields.keys() - {"bootstrap", "confidence", "seed"})


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
        seed=settings.training.seed_of_splits,
    shell:
        "quakesite training splits {input.stations:q} --trial {wildcards.trial} --seed {params.seed}"
        " --out {output:q} > {log:q} 2>&1"


rule pretrain:
    input:
        own=own_network,
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
        mem_mb=of_input(1200, 1.2),
        runtime=of_input(60, 0.002 * settings.training.max_epochs),
    params:
        code=code_digest("training"),
        settings=encoder_settings,
    shell:
        "quakesite training pretrain --trial {wildcards.trial} --channels {wildcards.channels}"
        " --windows {input.windows:q} --splits {input.splits:q} --settings {params.settings:q}"
        " --out {output:q} > {log:q} 2>&1"


rule train:
    input:
        own=own_network,
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
        last=f"{R}/training/{{experiment}}/{{trial}}/last.safetensors",
    log:
        f"{LOGS}/training/{{experiment}}/{{trial}}.log",
    benchmark:
        f"{BENCHMARKS}/training/{{experiment}}/{{trial}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    threads: 1
    resources:
        mem_mb=of_input(1200, 0.6),
        runtime=of_input(60, 0.001 * settings.training.max_epochs),
    params:
        code=code_digest("training"),
        settings=as_json(settings.training, without=NOT_OF_A_TRIAL),
        out=lambda wildcards, output: str(Path(output.predictions).parent),
        encoder=lambda wildcards, input: [f"--encoder={path}" for path in input.encoder],
    shell:
        "quakesite training train {wildcards.experiment} --trial {wildcards.trial} --train-windows {input.train:q}"
        " --test-windows {input.test:q}"
        " --stations {input.stations:q} --splits {input.splits:q} {params.encoder:q}"
        " --settings {params.settings:q} --out-dir {params.out:q} > {log:q} 2>&1"


use rule pretrain as pretrain_variant with:
    output:
        f"{VARIANT}/encoder/{{channels}}/{{trial}}/encoder.safetensors",
    log:
        f"{LOGS}/training_variants/{{variant}}/encoder/{{channels}}/{{trial}}.log",
    benchmark:
        f"{BENCHMARKS}/training_variants/{{variant}}/encoder/{{channels}}/{{trial}}.tsv"


use rule train as train_variant with:
    output:
        predictions=f"{VARIANT}/{{experiment}}/{{trial}}/predictions.parquet",
        history=f"{VARIANT}/{{experiment}}/{{trial}}/history.csv",
        model=f"{VARIANT}/{{experiment}}/{{trial}}/model.safetensors",
        trial=f"{VARIANT}/{{experiment}}/{{trial}}/trial.json",
        last=f"{VARIANT}/{{experiment}}/{{trial}}/last.safetensors",
    log:
        f"{LOGS}/training_variants/{{variant}}/{{experiment}}/{{trial}}.log",
    benchmark:
        f"{BENCHMARKS}/training_variants/{{variant}}/{{experiment}}/{{trial}}.tsv"
    params:
        code=code_digest("training"),
        settings=variant_settings,
        out=lambda wildcards, output: str(Path(output.predictions).parent),
        encoder=lambda wildcards, input: [f"--encoder={path}" for path in input.encoder],


rule selection:
    input:
        trials=files_of_trials(CHOICES, settings.training.names, "trial.json"),
        histories=files_of_trials(CHOICES, settings.training.names, "history.csv"),
        predictions=files_of_trials(CHOICES, settings.training.names, "predictions.parquet"),
    output:
        trials=f"{R}/training/trials.csv",
        selection=f"{R}/selection.csv",
    log:
        f"{LOGS}/selection.log",
    benchmark:
        f"{BENCHMARKS}/selection.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("training"),
        folders=files_of_trials(CHOICES, settings.training.names),
    shell:
        "quakesite training select {params.folders:q} --trials {output.trials:q} --out {output.selection:q}"
        " > {log:q} 2>&1"


rule ablation:
    input:
        trials=files_of_trials(ABLATED, [ABLATION.experiment], "trial.json"),
        predictions=files_of_trials(ABLATED, [ABLATION.experiment], "predictions.parquet"),
        stations=f"{R}/stations/stations.parquet",
        table=ABLATION_TABLE,
    output:
        csv=f"{R}/ablation.csv",
        markdown=f"{R}/ablation.md",
    log:
        f"{LOGS}/ablation.log",
    benchmark:
        f"{BENCHMARKS}/ablation.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        folders=files_of_trials(ABLATED, [ABLATION.experiment]),
        table=[f"--table={path}" for path in ABLATION_TABLE],
        settings=as_json(settings.evaluation, without=NOT_OF_ABLATION),
        synthetic=SYNTHETIC,
    shell:
        "quakesite evaluation ablation {params.folders:q} --stations {input.stations:q} {params.table:q}"
        " --settings {params.settings:q} {params.synthetic} --out {output.csv:q} --markdown {output.markdown:q}"
        " > {log:q} 2>&1"

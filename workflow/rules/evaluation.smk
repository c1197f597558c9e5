# Stage `evaluation`: the tables, each beside the best constant on the same stations.
#
# needs   training/{experiment}/{trial}/predictions.parquet, stations/stations.parquet, all rejects
# makes   table1.csv       the experiments, and the stations and records each really has
#         table2.csv       experiment, site_class, n_stations, n_records, errors, skill, collapsed
#         skill.csv        the same for every experiment and baseline
#         control.csv      what models with the P/S channel lose when it is another record's
#         predictions.csv  Vs30 per station with an interval; .geojson for a map; coverage.csv checks it
#         class_skill.csv  whether the class probabilities come true
#         models/{experiment}/  the trained networks as one folder that needs nothing else, with its card
#         models/{baseline}/    the same of a baseline that is a forest
#         ranking.csv      the models by their skill on validation stations: the first is `quakesite predict`'s
#         regions.csv      errors per region of stations
#         learning_curve.csv  error against the number of training stations
#         rejects.csv      everything that was refused, and why
#         flatfile.csv     one row per record, in the columns of the ESM flatfile
#         counts.csv       stations, events and records beside the paper's, each difference named


PRINTED = [name for name in TABLE_II if name in settings.training.names]
WINDOW_SETS = sorted(
    {
        (e.window, annotation)
        for e in map(EXPERIMENTS.get, settings.training.names)
        for annotation in e.annotations
    }
)

# The experiments that look at P and S, and the windows that they are tested on.
WITH_PS = [name for name in settings.training.names if EXPERIMENTS[name].ps_channel]
PS_WINDOWS = sorted({(EXPERIMENTS[name].window, EXPERIMENTS[name].test_annotation) for name in WITH_PS})

# What concerns predictions.csv alone, and makes no other table stale.
PRODUCT_ONLY = ["coverage", "outside_level", "product"]
REGIONS_ONLY = ["ground_weight"]
NOT_OF_TABLES = PRODUCT_ONLY + REGIONS_ONLY
NOT_IN_TABLE1 = sorted(type(settings.training).model_fields.keys() - {"exclude_flags"})


rule table1:
    input:
        windows=[path for kind in WINDOW_SETS for path in windows_of(*kind)],
        stations=f"{R}/stations/stations.parquet",
        splits=expand(f"{R}/training/splits/{{trial}}.csv", trial=TRIALS),
    output:
        csv=f"{R}/table1.csv",
        markdown=f"{R}/table1.md",
        latex=f"{R}/table1.tex",
    log:
        f"{LOGS}/table1.log",
    benchmark:
        f"{BENCHMARKS}/table1.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        experiments=[f"--experiments={name}" for name in settings.training.names],
        settings=as_json(settings.training, without=NOT_IN_TABLE1),
        synthetic=SYNTHETIC,
    shell:
        "quakesite evaluation table1 {params.experiments:q} --windows {input.windows:q} --splits {input.splits:q}"
        " --stations {input.stations:q} --settings {params.settings:q} {params.synthetic} --out {output.csv:q}"
        " --markdown {output.markdown:q} --latex {output.latex:q} > {log:q} 2>&1"


rule table2:
    input:
        predictions=predictions_of(PRINTED),
        stations=f"{R}/stations/stations.parquet",
    output:
        csv=f"{R}/table2.csv",
        markdown=f"{R}/table2.md",
        latex=f"{R}/table2.tex",
    log:
        f"{LOGS}/table2.log",
    benchmark:
        f"{BENCHMARKS}/table2.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        experiments=[f"--experiments={name}" for name in PRINTED],
        settings=as_json(settings.evaluation, without=NOT_OF_TABLES),
        synthetic=SYNTHETIC,
    shell:
        "quakesite evaluation table2 {input.predictions:q} {params.experiments:q} --stations {input.stations:q}"
        " --settings {params.settings:q} {params.synthetic} --out {output.csv:q}"
        " --markdown {output.markdown:q} --latex {output.latex:q} > {log:q} 2>&1"


rule features:
    input:
        records=f"{R}/records/{{shard}}.parquet",
        picks=f"{R}/picks/{METHOD_OF['auto']}/{{shard}}.parquet",
    output:
        f"{R}/evaluation/features/{{shard}}.parquet",
    log:
        f"{LOGS}/features/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/features/{{shard}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_shard(1000, 4),
        runtime=of_shard(10, 0.1),
    params:
        code=code_digest("evaluation/features"),
    shell:
        "quakesite evaluation features {input.records:q} --picks {input.picks:q} --out {output:q} > {log:q} 2>&1"


rule baselines:
    input:
        features=expand(f"{R}/evaluation/features/{{shard}}.parquet", shard=SHARDS),
        stations=f"{R}/stations/stations.parquet",
        splits=expand(f"{R}/training/splits/{{trial}}.csv", trial=TRIALS),
    output:
        predictions=expand(f"{R}/evaluation/baselines/{{name}}.parquet", name=BASELINES),
        forests=expand(
            f"{R}/evaluation/baselines/{{name}}/{{trial}}.safetensors",
            name=FORESTS,
            trial=TRIALS,
        ),
    log:
        f"{LOGS}/baselines.log",
    benchmark:
        f"{BENCHMARKS}/baselines.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_input(1500, 20),
        runtime=of_input(30, 2),
    params:
        code=code_digest("evaluation"),
        out=lambda wildcards, output: str(Path(output.predictions[0]).parent),
        settings=as_json(settings.evaluation, without=["bootstrap", "confidence", *NOT_OF_TABLES]),
    shell:
        "quakesite evaluation baselines {input.features:q} --stations {input.stations:q} --splits {input.splits:q}"
        " --settings {params.settings:q} --out-dir {params.out:q} > {log:q} 2>&1"


rule skill:
    input:
        predictions=predictions_of(settings.training.names),
        baselines=rules.baselines.output.predictions,
        stations=f"{R}/stations/stations.parquet",
    output:
        csv=f"{R}/skill.csv",
        class_skill=f"{R}/class_skill.csv",
        class_reliability=f"{R}/evaluation/class_reliability.csv",
    log:
        f"{LOGS}/skill.log",
    benchmark:
        f"{BENCHMARKS}/skill.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        settings=as_json(settings.evaluation, without=NOT_OF_TABLES),
    shell:
        "quakesite evaluation skill {input.predictions:q} --baselines {input.baselines:q} --stations {input.stations:q}"
        " --settings {params.settings:q} --out {output.csv:q} --class-skill {output.class_skill:q}"
        " --class-reliability {output.class_reliability:q} > {log:q} 2>&1"


rule model:
    input:
        own=OWN_NETWORK,
        trials=expand(
            f"{R}/training/{{{{experiment}}}}/{{trial}}/{{file}}",
            trial=TRIALS,
            file=["predictions.parquet", "model.safetensors", "trial.json"],
        ),
        windows=test_windows,
        stations=f"{R}/stations/stations.parquet",
    output:
        model=f"{R}/models/{{experiment}}/model.json",
        card=f"{R}/models/{{experiment}}/README.md",
        networks=expand(f"{R}/models/{{{{experiment}}}}/{{trial}}.safetensors", trial=TRIALS),
        predicted=f"{R}/evaluation/predicted/{{experiment}}.parquet",
    log:
        f"{LOGS}/models/{{experiment}}.log",
    benchmark:
        f"{BENCHMARKS}/models/{{experiment}}.tsv"
    conda:
        "../../envs/quakesite.yaml"
    threads: 1
    resources:
        mem_mb=of_input(1500, 0.6),
        runtime=of_input(30, 0.02),
    params:
        network=WITH_NETWORK,
        code=code_digest("evaluation"),
        trials=lambda wildcards, input: [
            str(Path(path).parent) for path in input.trials if path.endswith("trial.json")
        ],
        out=lambda wildcards, output: str(Path(output.model).parent),
        settings=as_json(settings.evaluation, without=["bootstrap", "confidence", "product", *REGIONS_ONLY]),
        picks=as_json(settings.picks, without=["weights", "manual", "batch_size", "device"]),
        limits=[
            f"--{name.replace('_', '-')}={value}"
            for name in ["min_snr_db", "min_p_time_s"]
            if (value := getattr(settings.records, name)) is not None
        ],
        synthetic=SYNTHETIC,
    shell:
        "quakesite evaluation model {wildcards.experiment} {params.network} --trials {params.trials:q} --windows {input.windows:q}"
        " --stations {input.stations:q} --settings {params.settings:q} --picks {params.picks:q} {params.limits:q}"
        " {params.synthetic} --out-dir {params.out:q} --predicted {output.predicted:q} > {log:q} 2>&1"


rule forests:
    input:
        predictions=expand(f"{R}/evaluation/baselines/{{name}}.parquet", name=FORESTS),
        forests=rules.baselines.output.forests,
        features=expand(f"{R}/evaluation/features/{{shard}}.parquet", shard=SHARDS),
        catalogue=f"{R}/records/catalogue.parquet",
        stations=f"{R}/stations/stations.parquet",
    output:
        models=expand(f"{R}/models/{{name}}/model.json", name=FORESTS),
        cards=expand(f"{R}/models/{{name}}/README.md", name=FORESTS),
        forests=expand(f"{R}/models/{{name}}/{{trial}}.safetensors", name=FORESTS, trial=TRIALS),
    log:
        f"{LOGS}/forests.log",
    benchmark:
        f"{BENCHMARKS}/forests.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        baselines=lambda wildcards, input: str(Path(input.predictions[0]).parent),
        trials=[f"--trials={trial}" for trial in TRIALS],
        out=lambda wildcards, output: str(Path(output.models[0]).parents[1]),
        settings=as_json(settings.evaluation, without=["bootstrap", "confidence", "product", *REGIONS_ONLY]),
        picks=as_json(settings.picks, without=["weights", "manual", "batch_size", "device"]),
        synthetic=SYNTHETIC,
    shell:
        "quakesite evaluation forests --baselines {params.baselines:q} {params.trials} --features {input.features:q}"
        " --catalogue {input.catalogue:q} --stations {input.stations:q} --settings {params.settings:q}"
        " --picks {params.picks:q} {params.synthetic} --out-dir {params.out:q} > {log:q} 2>&1"


rule control:
    input:
        own=OWN_NETWORK,
        models=expand(f"{R}/models/{{experiment}}/model.json", experiment=WITH_PS),
        networks=expand(f"{R}/models/{{experiment}}/{{trial}}.safetensors", experiment=WITH_PS, trial=TRIALS),
        predicted=expand(f"{R}/evaluation/predicted/{{experiment}}.parquet", experiment=WITH_PS),
        windows=[path for kind in PS_WINDOWS for path in windows_of(*kind)],
        stations=f"{R}/stations/stations.parquet",
    output:
        f"{R}/control.csv",
    log:
        f"{LOGS}/control.log",
    benchmark:
        f"{BENCHMARKS}/control.tsv"
    conda:
        "../../envs/quakesite.yaml"
    threads: 1
    resources:
        mem_mb=of_input(1500, 0.6),
        runtime=of_input(30, 0.02),
    params:
        network=WITH_NETWORK,
        code=code_digest("evaluation"),
        models=lambda wildcards, input: [str(Path(path).parent) for path in input.models],
        settings=as_json(settings.evaluation, without=NOT_OF_TABLES),
    shell:
        "quakesite evaluation control {params.models:q} {params.network} --predicted {input.predicted:q}"
        " --windows {input.windows:q} --stations {input.stations:q} --settings {params.settings:q}"
        " --out {output:q} > {log:q} 2>&1"


rule predictions:
    input:
        predictions=predictions_of(settings.training.names),
        baselines=rules.baselines.output.predictions,
        predicted=expand(
            f"{R}/evaluation/predicted/{{experiment}}.parquet", experiment=settings.training.names
        ),
        features=expand(f"{R}/evaluation/features/{{shard}}.parquet", shard=SHARDS),
        stations=f"{R}/stations/stations.parquet",
        models=rules.forests.output.models,
    output:
        csv=f"{R}/predictions.csv",
        geojson=f"{R}/predictions.geojson",
        coverage=f"{R}/coverage.csv",
        ranking=f"{R}/ranking.csv",
    log:
        f"{LOGS}/predictions.log",
    benchmark:
        f"{BENCHMARKS}/predictions.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        settings=as_json(settings.evaluation, without=["bootstrap", "confidence", *REGIONS_ONLY]),
        synthetic=SYNTHETIC,
    shell:
        "quakesite evaluation predictions {input.predictions:q} --baselines {input.baselines:q}"
        " --predicted {input.predicted:q} --features {input.features:q}"
        " --stations {input.stations:q} --settings {params.settings:q} {params.synthetic} --out {output.csv:q}"
        " --geojson {output.geojson:q} --coverage {output.coverage:q} --ranking {output.ranking:q} > {log:q} 2>&1"


rule learning_curve:
    input:
        features=expand(f"{R}/evaluation/features/{{shard}}.parquet", shard=SHARDS),
        stations=f"{R}/stations/stations.parquet",
        splits=expand(f"{R}/training/splits/{{trial}}.csv", trial=TRIALS),
    output:
        f"{R}/learning_curve.csv",
    log:
        f"{LOGS}/learning_curve.log",
    benchmark:
        f"{BENCHMARKS}/learning_curve.tsv"
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=of_input(1500, 20),
        runtime=of_input(30, 2),
    params:
        code=code_digest("evaluation"),
        settings=as_json(settings.evaluation, without=NOT_OF_TABLES),
    shell:
        "quakesite evaluation learning-curve {input.features:q} --stations {input.stations:q}"
        " --splits {input.splits:q} --settings {params.settings:q} --out {output:q} > {log:q} 2>&1"


rule regions:
    input:
        predictions=f"{R}/predictions.csv",
        stations=f"{R}/stations/stations.parquet",
    output:
        regions=f"{R}/regions.csv",
        members=f"{R}/evaluation/region_members.csv",
        criteria=f"{R}/evaluation/region_criteria.csv",
    log:
        f"{LOGS}/regions.log",
    benchmark:
        f"{BENCHMARKS}/regions.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        settings=as_json(settings.evaluation, without=["bootstrap", "confidence", *PRODUCT_ONLY]),
    shell:
        "quakesite evaluation regions {input.predictions:q} --stations {input.stations:q}"
        " --settings {params.settings:q} --out {output.regions:q}"
        " --members {output.members:q} --criteria {output.criteria:q} > {log:q} 2>&1"


rule rejects:
    input:
        f"{R}/records/rejects/archive.parquet",
        expand(f"{R}/records/rejects/{{shard}}.parquet", shard=SHARDS),
        f"{R}/stations/rejects.parquet",
        expand(
            f"{R}/picks/rejects/{{method}}/{{shard}}.parquet",
            method=PICK_METHODS,
            shard=SHARDS,
        ),
        [
            f"{R}/windows/rejects/{window}/{annotation}/{shard}.parquet"
            for window, annotation in WINDOW_SETS
            for shard in SHARDS
            if annotation in ANNOTATIONS
        ],
    output:
        f"{R}/rejects.csv",
    log:
        f"{LOGS}/rejects.log",
    benchmark:
        f"{BENCHMARKS}/rejects.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
    shell:
        "quakesite evaluation rejects {input:q} --out {output:q} > {log:q} 2>&1"


rule flatfile:
    input:
        catalogue=f"{R}/records/catalogue.parquet",
        picks=f"{R}/picks.parquet",
        stations=f"{R}/stations/stations.parquet",
    output:
        f"{R}/flatfile.csv",
    log:
        f"{LOGS}/flatfile.log",
    benchmark:
        f"{BENCHMARKS}/flatfile.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        method=METHOD_OF["auto"],
    shell:
        "quakesite evaluation flatfile {input.catalogue:q} --picks {input.picks:q} --stations {input.stations:q}"
        " --method {params.method} --out {output:q} > {log:q} 2>&1"


# What `counts` tells of the run's selection: these alone make it stale.
COUNTED_BY = {"years", "magnitude", "depth_km", "max_epicentral_distance_km", "min_snr_db"}
NOT_COUNTED_BY = sorted(type(settings.records).model_fields.keys() - COUNTED_BY)


rule counts:
    input:
        catalogue=f"{R}/records/catalogue.parquet",
        picks=f"{R}/picks.parquet",
        stations=f"{R}/stations/stations.parquet",
    output:
        csv=f"{R}/counts.csv",
        markdown=f"{R}/counts.md",
    log:
        f"{LOGS}/counts.log",
    benchmark:
        f"{BENCHMARKS}/counts.tsv"
    localrule: True
    conda:
        "../../envs/quakesite.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("evaluation"),
        method=METHOD_OF["auto"],
        selection=as_json(settings.records, without=NOT_COUNTED_BY),
        synthetic=SYNTHETIC,
    shell:
        "quakesite evaluation counts {input.catalogue:q} --picks {input.picks:q} --stations {input.stations:q}"
        " --method {params.method} --selection {params.selection:q} {params.synthetic} --out {output.csv:q}"
        " --markdown {output.markdown:q} > {log:q} 2>&1"


rule tables:
    input:
        rules.table1.output,
        rules.table2.output,
        rules.skill.output,
        rules.forests.output,
        rules.control.output,
        rules.predictions.output,
        rules.regions.output,
        rules.learning_curve.output,
        rules.rejects.output,
        rules.catalogue.output,
        rules.flatfile.output,
        rules.counts.output,
        rules.stations.output,
        rules.picks.output,
        rules.agreement.output,
    localrule: True


onsuccess:
    if Path(R).is_dir():
        shell(
            f"quakesite evaluation summary --results {shlex.quote(R)} --n-shards {settings.n_shards}"
            f" --experiments {' '.join(settings.training.names)} --trials {settings.training.trials}"
            f" --settings {shlex.quote(as_json(settings.evaluation)).replace('{', '{{').replace('}', '}}')} {SYNTHETIC}"
        )

# What the rules of each stage read, and what makes their jobs stale: the functions behind `input:` and `params:`.


def as_json(section, without=(), **changed):
    """The section as one line of JSON with sorted keys, fit to be compared with an earlier run's."""
    values = section.model_dump(mode="json", exclude=set(without)) | changed
    return json.dumps(values, sort_keys=True)


def sources_of_archive(wildcards, input):
    """Digest of all files of the archive."""
    return archive(input).digest_all()


def sources_of_shard(wildcards, input):
    """Digest of the files of the archive whose station belongs to the shard."""
    return archive(input).digest(wildcards.shard)


def archive(input):
    """The archive's files; while the synthetic archive is not made yet, Snakemake is told to ask again."""
    made = 0
    for truth in input.get("demo", []):
        # A FileNotFoundError for an input file means "to be determined" to Snakemake.
        made = Path(truth).stat().st_mtime_ns
    return scan_archive(tuple(settings.archive), settings.n_shards, made)


def reports_digest(wildcards, input):
    """Digests of the report files and layouts; "to be determined" while the synthetic archive is not made."""
    archive(input)
    return [folder_digest(folder) for folder in settings.stations.reports + settings.stations.layouts]


def window_settings(wildcards):
    """The settings of this kind of window alone."""
    kind = settings.windows.kinds[wildcards.window].model_dump(mode="json")
    return as_json(settings.windows, kinds={wildcards.window: kind})


def windows_of(window, annotation):
    """The shards of one kind of window; none where there is nobody's annotation to make them from."""
    if annotation not in ANNOTATIONS:
        return []
    return expand(f"{R}/windows/{window}/{annotation}/{{shard}}.parquet", shard=SHARDS)


def train_windows(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    return windows_of(experiment.window, experiment.train_annotation)


def test_windows(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    return windows_of(experiment.window, experiment.test_annotation)


def encoder(wildcards):
    """The pretrained encoder of a transfer experiment; nothing for one from scratch."""
    experiment = EXPERIMENTS[wildcards.experiment]
    channels = 4 if experiment.ps_channel else 3
    path = f"{R}/training/encoder/{channels}/{wildcards.trial}/encoder.safetensors"
    return [path] if experiment.transfer else []


def predictions_of(experiments):
    return expand(
        f"{R}/training/{{experiment}}/{{trial}}/predictions.parquet",
        experiment=experiments,
        trial=TRIALS,
    )

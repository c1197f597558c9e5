# What the rules of each stage read, and what makes their jobs stale: the functions behind `input:` and `params:`.


def as_json(section, without=(), **changed):
    """The section as one line of JSON with sorted keys, fit to be compared with an earlier run's."""
    values = section.model_dump(mode="json", exclude=set(without)) | changed
    return json.dumps(values, sort_keys=True)


# Snakemake forgets what a params function made from `input` or `output`; these take neither, so that it
# remembers their digests and sees them change.
NOT_MADE_YET = "the synthetic archive is not made yet"


def sources_of_archive(wildcards):
    """Digest of all files of the archive."""
    return archive().digest_all() if archive_is_there() else NOT_MADE_YET


def sources_of_shard(wildcards):
    """Digest of the files of the archive whose station belongs to the shard."""
    return archive().digest(wildcards.shard) if archive_is_there() else NOT_MADE_YET


def reports_digest(wildcards):
    """Digests of the folders of reports and of layouts."""
    if not archive_is_there():
        return NOT_MADE_YET
    return [folder_digest(folder) for folder in settings.stations.reports + settings.stations.layouts]


def archive_is_there():
    """Whether there is an archive to look at; the synthetic one is made by a rule, and asked for again then."""
    return all(Path(truth).is_file() for truth in DEMO)


def archive():
    """The archive's files, scanned once, and once more when the synthetic archive has been made anew."""
    made = sum(Path(truth).stat().st_mtime_ns for truth in DEMO)
    return scan_archive(tuple(settings.archive), settings.n_shards, made)


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

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


def archive_made():
    """When the synthetic archive was made, in ns; 0 for any other."""
    return sum(Path(truth).stat().st_mtime_ns for truth in DEMO)


def archive():
    """The archive's files, scanned once, and once more when the synthetic archive has been made anew."""
    return scan_archive(tuple(settings.archive), settings.n_shards, archive_made())


@cache
def mb_of_shards(made):
    """Size of each shard's files in the archive, in MB."""
    del made
    sizes = dict.fromkeys(SHARDS, 0)
    shards = {station: shard_of(station, settings.n_shards) for station in archive().files.stations}
    for file in archive().files.found:
        sizes[shards[file.station]] += file.size
    return {shard: size / 1e6 for shard, size in sizes.items()}


# What jobs ask of a cluster, for one try: `base` and so much `per_mb`. A job that failed asks for as much again.
def of_input(base, per_mb):
    """By the size of the job's input; for jobs whose input another job makes, known when that is done."""
    return lambda wildcards, input, attempt: round((base + per_mb * input.size_mb) * attempt)


def of_shard(base, per_mb):
    """By the size of the shard's files in the archive, so that jobs that wait for each other can share one."""
    return lambda wildcards, attempt: round((base + per_mb * archive_mb(wildcards.shard)) * attempt)


def archive_mb(shard):
    """Size of a shard's files in the archive, in MB; 0 while the synthetic archive is not made."""
    return mb_of_shards(archive_made())[shard] if archive_is_there() else 0


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
    """The pretrained encoder of a transfer experiment, which variants may share; nothing for one from scratch."""
    experiment = EXPERIMENTS[wildcards.experiment]
    variant = wildcards.get("variant")
    training = training_variants[variant] if variant else settings.training
    channels = training.encoder_channels or (4 if experiment.ps_channel else 3)
    owner = encoder_variants[variant] if variant else None
    folder = f"{R}/training_variants/{owner}" if owner else f"{R}/training"
    path = f"{folder}/encoder/{channels}/{wildcards.trial}/encoder.safetensors"
    return [path] if experiment.transfer else []


def own_network(wildcards):
    """The file of the network of one's own that is trained; nothing where it is one of ours."""
    variant = wildcards.get("variant")
    network = (training_variants[variant] if variant else settings.training).network
    return [network] if is_own(network or "") else []


def encoder_settings(wildcards):
    """The settings that a pretraining depends on, of a variant with its changes made."""
    variant = wildcards.get("variant")
    training = training_variants[variant] if variant else settings.training
    return as_json(training, without=(*NOT_OF_A_TRIAL, *NOT_OF_PRETRAINING))


def variant_settings(wildcards):
    """The settings of one variant, its changes made."""
    return as_json(training_variants[wildcards.variant], without=NOT_OF_A_TRIAL)


def files_of_trials(variants, experiments, file=""):
    """A file of all trials of some variants, or their folders; variant None: the training as configured."""
    folders = [f"{R}/training_variants/{variant}" if variant else f"{R}/training" for variant in variants]
    return [
        str(Path(folder, experiment, str(trial), file))
        for folder in folders
        for experiment in experiments
        for trial in TRIALS
    ]


def predictions_of(experiments):
    return expand(
        f"{R}/training/{{experiment}}/{{trial}}/predictions.parquet",
        experiment=experiments,
        trial=TRIALS,
    )

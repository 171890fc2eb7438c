# What a job is told, in plain dicts, lists and scalars: Snakemake compares nothing else.


def arguments(**values):
    """All arguments of a step as one param: what a job costs Snakemake goes by the number of functions it calls."""

    @asked_often
    def param(wildcards):
        return {name: value(wildcards) if callable(value) else value for name, value in values.items()}

    return param


def threads_of(dataset):
    """CPU threads of a job: one feeds a GPU, so that many jobs may share it, unless images are to be decoded."""
    return 1 if GPU and dataset.name not in ENCODED else dataset.threads


@asked_often
def gpu_places(wildcards):
    """How many places on GPUs a training takes."""
    return GPU * cfg.dataset(wildcards.dataset).gpus


def of_dataset(value):
    """A param that depends on the dataset alone."""
    return asked_often(lambda wildcards: value(cfg.dataset(wildcards.dataset)))


network = of_dataset(lambda dataset: {"name": dataset.model, "options": dataset.model_options})
normalisation = of_dataset(lambda dataset: {"mean": dataset.mean, "std": dataset.std})
recipe = of_dataset(lambda dataset: typed_config.plain(dataset.recipe))
metric_options = of_dataset(lambda dataset: dataset.metric_options)
cpu_threads = of_dataset(threads_of)
training_threads = of_dataset(lambda dataset: threads_of(dataset) * dataset.gpus)
gpus = of_dataset(lambda dataset: dataset.gpus)


@asked_often
def strategy_options(wildcards):
    strategy = cfg.strategy(wildcards.strategy)
    return {
        "name": strategy.name,
        "module": strategy.module,
        "needs": sorted(strategy.needs),
        "options": strategy.options,
        "signal_options": strategy.signal_options,
    }


def code(step, *plugins):
    """The fingerprint of a step and of the plug-ins that the wildcards name."""

    @asked_often
    def param(wildcards):
        return fingerprint(f"altools.steps.{step}", *(plugin(wildcards) for plugin in plugins))

    return param


def module_of(name, package):
    return name if "." in name else f"altools.{package}.{name}"


@asked_often
def source_module(wildcards):
    return module_of(cfg.dataset(wildcards.dataset).source, "datasets")


@asked_often
def model_module(wildcards):
    return module_of(cfg.dataset(wildcards.dataset).model, "models")


@asked_often
def strategy_module(wildcards):
    return cfg.strategy(wildcards.strategy).module


@asked_often
def training_code(wildcards):
    dataset = cfg.dataset(wildcards.dataset)
    metrics = (module_of(name, "metrics") for name in dataset.metrics)
    return fingerprint("altools.steps.train", model_module(wildcards), *metrics)


def more_each_attempt(amount):
    """A resource that a retried job asks more of: what it had may have been too little."""
    return asked_often(lambda wildcards, attempt: amount * attempt)


def training(round):
    """The arguments of a training in some round."""
    return arguments(
        network=network,
        normalisation=normalisation,
        recipe=recipe,
        metric_options=metric_options,
        round=round,
        device=cfg.device,
        gpus=gpus,
        code=training_code,
    )

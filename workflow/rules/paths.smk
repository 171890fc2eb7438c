# Where things are: the folder of a round or model, and the files that a job reads.


def owner(setting, strategy):
    """The setting in which a strategy really runs: random asks no model, so it is the same in both."""
    asks_model = bool(cfg.strategy(strategy).needs)
    return setting if asks_model else start_of(setting)


def round_folder(dataset, setting, strategy, seed, round):
    """The folder of one round; round 0 is shared by all strategies."""
    if round == 0:
        setting, strategy = start_of(setting), "shared"
    else:
        setting = owner(setting, strategy)
    return f"{cfg.results}/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}"


def reference_folder(dataset, setting, seed):
    """The folder of the model that knows every label."""
    return f"{cfg.results}/reference/{dataset}/{start_of(setting)}/seed{seed}"


def trained_folder(dataset, setting, strategy, seed, round):
    """The folder of the model of one round: where every label is known, that is the reference model's."""
    if cfg.dataset(dataset).takes_all(round):
        return reference_folder(dataset, setting, seed)
    return round_folder(dataset, setting, strategy, seed, round)


@asked_often
def encoder(wildcards):
    """The encoder that a model of the setting simsiam starts from."""
    if wildcards.setting != "simsiam":
        return []
    return f"{cfg.results}/pretrain/{wildcards.dataset}/seed{wildcards.seed}/encoder.safetensors"


@asked_often
def asked(wildcards):
    """The model that a query asks, what it has said already, and what is known from the round before."""
    w = wildcards
    number = int(w.round)
    before = round_folder(w.dataset, w.setting, w.strategy, w.seed, number - 1)
    reference = w.setting == "reference_query"
    model = reference_folder(w.dataset, w.setting, w.seed) if reference else before
    shared = reference or number == 1  # many queries ask the same model: its outputs are computed once
    return {
        "model": f"{model}/model.safetensors",
        "outputs": f"{model}/outputs.safetensors" if shared else [],
        "labelled_before": f"{before}/labelled.parquet",
        "memory_before": f"{before}/memory.safetensors" if number > 1 else [],
    }


def pixels(*splits):
    """The arrays of some splits of a prepared dataset, where its images do not stay encoded."""

    @asked_often
    def paths(wildcards):
        kinds = ["index.parquet"] if wildcards.dataset in ENCODED else ["images.npy", "index.parquet"]
        folder = f"{cfg.results}/data/{wildcards.dataset}"
        return [f"{folder}/{split}/{kind}" for split in splits for kind in kinds]

    return paths

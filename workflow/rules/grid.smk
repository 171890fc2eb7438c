# Which files the grid stands for: what each rule of results gathers, what each target asks for, and what is said about it.


def runs_of(dataset, setting, strategy):
    """Every (seed, round) of one strategy."""
    return product(cfg.seeds, range(cfg.dataset(dataset).rounds))


def run_files(dataset, setting, strategy):
    """The files of every round of one strategy that would be missed if somebody deleted them."""
    files = []
    for seed, round in runs_of(dataset, setting, strategy):
        files.append(f"{trained_folder(dataset, setting, strategy, seed, round)}/scores.json")
        folder = round_folder(dataset, setting, strategy, seed, round)
        files.append(f"{folder}/labelled.parquet")
        if round:
            files += [f"{folder}/query.parquet", f"{folder}/query.json"]
    return files


def grid():
    """Every (dataset, setting, strategy)."""
    return [(dataset, *pair) for dataset in DATASETS for pair in PAIRS]


def trained_files(name):
    """A file of the model of every seed and round of one strategy."""

    @asked_often
    def paths(wildcards):
        point = (wildcards.dataset, wildcards.setting, wildcards.strategy)
        return [f"{trained_folder(*point, seed, round)}/{name}" for seed, round in runs_of(*point)]

    return paths


@asked_often
def query_notes(wildcards):
    """The query notes of every seed and round but the first."""
    point = (wildcards.dataset, wildcards.setting, wildcards.strategy)
    return [f"{round_folder(*point, seed, round)}/query.json" for seed, round in runs_of(*point) if round]


@asked_often
def query_points(wildcards):
    """Setting, strategy, seed and round of every query of a dataset that left something."""
    rounds = CHOOSING[wildcards.dataset]
    return [
        [setting, strategy, seed, round] for setting, strategy in PAIRS for seed, round in product(cfg.seeds, rounds)
    ]


def query_files(name):
    """A file of every query of a dataset, in the order of its points."""

    @asked_often
    def paths(wildcards):
        return [f"{round_folder(wildcards.dataset, *point)}/{name}" for point in query_points(wildcards)]

    return paths


@asked_often
def representing(wildcards):
    """The strategies of a setting whose picks are to stand for other images."""
    return [name for name in REPRESENTING if name in cfg.strategies_of(wildcards.setting)]


@asked_often
def representing_queries(wildcards):
    """Their last queries of the first seed."""
    last = CHOOSING[wildcards.dataset][-1]
    point = (wildcards.dataset, wildcards.setting)
    return [
        f"{round_folder(*point, strategy, cfg.seeds[0], last)}/query.parquet" for strategy in representing(wildcards)
    ]


def sheets():
    """Dataset, setting and figure of every contact sheet."""
    represented = [setting for setting in cfg.settings if set(REPRESENTING) & set(cfg.strategies_of(setting))]
    shown = [dataset for dataset in QUERIED if dataset not in ENCODED]
    return [
        *product(shown, COMPARING, ["queried_images"]),
        *product(shown, represented, ["represented_images"]),
    ]


def sheet_names():
    """The contact sheets below the folder of figures."""
    return ["/".join(place) for place in sheets()]


def pretrained():
    """Datasets whose encoders are trained without labels."""
    return DATASETS if "simsiam" in cfg.settings else []


def figure_files():
    """Every figure that this grid can show: a comparison needs something to compare."""
    files = expand("{dataset}/{setting}/learning_curves", dataset=QUERIED, setting=cfg.settings)
    files += expand("{dataset}/{setting}/{figure}", dataset=QUERIED, setting=COMPARING, figure=FIGURES[1:])
    files += sheet_names()
    files += expand("{dataset}/pretraining", dataset=pretrained())
    if len(cfg.settings) > 1:
        files += expand("{dataset}/settings", dataset=QUERIED)
    overall = OVERALL_FIGURES if len(cfg.datasets) > 1 else ["penalty_matrix"]
    files += expand("overall/{setting}/{figure}", setting=COMPARING, figure=overall)
    return expand("<results>/figures/{file}.png", file=files)


def of_all_runs(pattern):
    """A file of every setting and strategy of a dataset."""

    @asked_often
    def paths(wildcards):
        return [
            expanded
            for setting, strategy in PAIRS
            for expanded in expand(pattern, dataset=wildcards.dataset, setting=setting, strategy=strategy)
        ]

    return paths


@asked_often
def reference_scores(wildcards):
    """The scores of the reference models of a dataset."""
    starts = dict.fromkeys(start_of(setting) for setting in cfg.settings)
    return [
        f"{reference_folder(wildcards.dataset, start, seed)}/scores.json" for start, seed in product(starts, cfg.seeds)
    ]


def say_what_the_grid_means():
    """Print how many trainings, queries and images the whole config stands for, dry run or not."""
    print(cost.as_text(cost.grid_cost(cfg)), file=sys.stderr)


def say_if_results_are_read_only():
    """Say so before Snakemake names single files that it cannot replace; a dry run may go on."""
    if Path(cfg.results).exists() and not os.access(cfg.results, os.W_OK):
        print(f"{cfg.results} must be a folder that can be written, for more than a dry run.", file=sys.stderr)


def check_results_folder():
    """Refuse a results folder that cannot be written, before any job starts."""
    folder = Path(cfg.results)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise WorkflowError(
            f"{cfg.results} must be a folder that can be written ({error.strerror}); "
            "change its permissions or the config's results."
        ) from None


def where_to_look():
    """What to open after a successful run."""
    places = {
        "open in a browser": "report/index.html",
        "learning curves": f"figures/{DATASETS[0]}/{cfg.settings[0]}/learning_curves.png",
        "summary table": "statistics/summary.csv",
        "all numbers": "curves/*.parquet",
    }
    there = [
        f"  {what:17}  {cfg.results}/{place}" for what, place in places.items() if any(Path(cfg.results).glob(place))
    ]
    return "\n".join([f"Done. Results are in {cfg.results}/{':' if there else '.'}", *there])

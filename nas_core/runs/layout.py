"""Every path of a run, spelled once, relative to the run's folder. The same tree lies on disk and on S3."""

from __future__ import annotations

JOB = "job.json"

# The stages, in their order; each has a folder of its name.
STAGES = ("prepare", "search", "train", "export", "report")

# What a stage leaves beside its results.
KEY = "key.json"  # what the results depend on, written first
REPORT = "report.json"  # seconds, settings, versions, metrics, files
DONE = "DONE"  # written last
LOCK = ".lock"

SCHEMA = "prepare/schema.json"
PROFILE = "prepare/profile.json"
CHECKS = "prepare/checks.json"
TRANSFORMS = "prepare/transforms.json"
TEST_ROWS = "prepare/test_rows.parquet"
BACKBONES = "prepare/backbones"  # weights of pretrained networks
ARRAYS = "prepare/arrays"  # <split>_<name>.npy

VOCABULARY = "search/vocabulary.json"
RECIPE = "search/recipe.json"  # how all candidates are trained
CANDIDATES = "search/candidates.jsonl"
BEST = "search/best.json"
PROMOTED = "search/promoted.jsonl"  # the best again, trained longer
CLOCK = "search/clock.json"
SESSIONS = "search/sessions.jsonl"  # a line each time that a process takes up the search
RANDOM_SEARCH = "search/random.jsonl"
RANDOM_BEST = "search/random_best.json"
RANDOM_CLOCK = "search/random_clock.json"
EARLIER = "search/earlier"  # <number>.jsonl, the ledgers of the runs in `warm_start`
WEIGHTS = "search/weights"  # <fingerprint>.npz

ARCHITECTURE = "train/architecture.json"
MODEL = "train/model.keras"
HISTORY = "train/history.csv"
METRICS = "train/metrics.json"
CALIBRATION = "train/calibration.json"  # what was learned of the outputs: a temperature, or how wide intervals are
PREDICTIONS = "train/predictions.parquet"
TEST_OUTPUTS = "train/test_outputs.npz"  # of the network and its rivals, on some test rows
WEIGHTS_OF_WINNER = "train/weights.npz"  # <copy>/<layer>/<index>, of a small network
IMPORTANCE = "train/importance.json"
ABLATION = "train/ablation.json"
ATTENTION = "train/attention.npz"  # where a network of pictures looked: rows, is_wrong, maps

EXPORT = "export"
MANIFEST = "export/manifest.json"
AGREEMENT = "export/agreement.json"

FACTS = "report/facts.json"
WORKBOOK = "report/report.xlsx"
PAGE = "report/report.html"
FILM = "report/learning.mp4"
FILM_GIF = "report/learning.gif"
FIGURES = "report/figures"  # search.png, winner.png

STOP = "requests/stop"

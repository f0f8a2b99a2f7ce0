"""What a learner moves and answers: sliders under the figures, predictions, questions at the end.

sliders.py      one slider for one setting, an editor for several
predictions.py  a letter written down before the answer is seen, and how it went
quiz.py         questions that say at once whether an answer is right, and why
"""

from toycore.widgets.predictions import Overview, Prediction, predict, predictions
from toycore.widgets.quiz import Quiz, quiz
from toycore.widgets.sliders import FRAMES, Framed, Live, Sliders, editor, slider

__all__ = [
    "FRAMES",
    "Framed",
    "Live",
    "Overview",
    "Prediction",
    "Quiz",
    "Sliders",
    "editor",
    "predict",
    "predictions",
    "quiz",
    "slider",
]

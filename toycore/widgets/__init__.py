"""What a learner moves and answers: sliders under the figures, questions at the end of a lesson.

sliders.py  one slider for one setting, an editor for several
quiz.py     questions that say at once whether an answer is right, and why
"""

from toycore.widgets.quiz import Quiz, quiz
from toycore.widgets.sliders import FRAMES, Framed, Live, Sliders, editor, slider

__all__ = ["FRAMES", "Framed", "Live", "Quiz", "Sliders", "editor", "quiz", "slider"]

"""nbgrader's settings for this course."""

c = get_config()  # noqa: F821, nbgrader gives it to every file of settings

c.CourseDirectory.course_id = "toycore"

# An answer's stub stands above its solution: clearing the solution leaves the stub.
c.ClearSolutions.code_stub = {"python": ""}

# A check that a learner has deleted comes back.
c.OverwriteCells.add_missing_cells = True

# Seconds a cell, on a slow machine too: then an endless loop is interrupted, and grading goes on.
# Whoever's kernel cannot be interrupted is named at the end, and is not graded.
c.Execute.timeout = 120
c.Execute.iopub_timeout = 30

"""JupyterHub's settings for a class; `tests/tools/classroom.py` runs its learners with them."""

c = get_config()  # noqa: F821, JupyterHub gives it to every file of settings

# The whole class logs in at once: on a small server the last one waits longer than the usual 30 s.
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300

# A learner's own torch cells keep to one thread, as toycore's trainings do: more threads than free
# cores make tiny tensors many times slower, for the whole class.
c.Spawner.environment.update({"OMP_NUM_THREADS": "1"})

# Kernels are reached through files in place of ports: where a whole class starts them at once on
# one machine, two servers may choose the same port, and a kernel dies. It is said to the servers
# alone: nbgrader starts its kernels in another folder, where they would not find the files.
c.Spawner.args.extend(["--ServerKernelManager.transport=ipc"])

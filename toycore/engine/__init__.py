"""Many runs at once: the machinery of training, and none of its mathematics.

guards.py     every input checked before any work, in the same words everywhere
settings.py   sweeps: a setting may be a sequence, and a run covers the product
noise.py      one generator per seed; all noise is drawn before training starts
optim.py      Adam with a rate of its own for each run
threads.py    one thread for tiny tensors
plain_torch.py  torch as an import leaves it, whatever a learner has switched on
terminal.py   a stdout that lacks a character gets another
"""

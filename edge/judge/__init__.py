"""The judge: looks at captures in a process of its own (`python -m edge.judge`), away from the booth's memory.

NFIQ2 and minutiae of fingers, their likeness to the officers' fingers, and a small picture for the officer's screen.
Native code reads what devices sent, so it may crash: it must not take the booth with it. Biometrics come and go
through pipes; the process cannot write a file and leaves no core dump.
"""

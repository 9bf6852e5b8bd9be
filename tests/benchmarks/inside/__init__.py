"""Programs that run with the settings of a benchmark's instance: commands on stdin, an answer in JSON a line."""

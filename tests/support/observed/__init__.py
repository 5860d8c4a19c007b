"""What deploy/grafana and deploy/prometheus ask, to be tried: on Prometheus and Postgres as they run, and against what is counted at all."""

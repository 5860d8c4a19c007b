-- The role that Grafana, and in a cluster KEDA, read with: as owner of the schemas, after each migration,
-- SETU_READER_PASSWORD=… psql --file deploy/postgres/reader.sql "$DATABASE_URL"
-- It may be run as often as one likes. What the role may is what stands here, whatever it was given before.
\set ON_ERROR_STOP on
\getenv password SETU_READER_PASSWORD
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('setu.reader', 0)) \g /dev/null

SELECT 'CREATE ROLE setu_reader' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'setu_reader') \gexec
ALTER ROLE setu_reader LOGIN CONNECTION LIMIT 20 PASSWORD :'password';
-- A second lock, for what it may write there is nothing; and no question of a dashboard is worth more of the database's time.
ALTER ROLE setu_reader SET default_transaction_read_only = on;
ALTER ROLE setu_reader SET statement_timeout = '30s';

ALTER DEFAULT PRIVILEGES IN SCHEMA ledger REVOKE ALL ON TABLES FROM setu_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA ledger, gateway, asr, translate, enhancer, optimizer FROM setu_reader;
REVOKE ALL ON SCHEMA ledger, gateway, asr, translate, enhancer, optimizer FROM setu_reader;

-- What the dashboards show (deploy/grafana).
GRANT USAGE ON SCHEMA ledger TO setu_reader;
GRANT SELECT ON ledger.call, ledger.call_intent, ledger.budget, ledger.stage_metrics, ledger.job_outcome TO setu_reader;

-- What workers are scaled by (deploy/kubernetes/base/scaling.yaml): how much waits and since when, and not what is asked for.
GRANT USAGE ON SCHEMA gateway, asr, translate, enhancer, optimizer TO setu_reader;
GRANT SELECT (queue, state, asleep, parent_id, created_at, not_before)
ON gateway.operation, asr.operation, translate.operation, enhancer.operation, optimizer.operation TO setu_reader;
COMMIT;

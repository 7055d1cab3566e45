-- The database roles, made once by a superuser before the server's first start, in the database that
-- the platform will own. Safe to run again: it sets the passwords anew. {{name}} stands for a quoted password.
-- Which role may do what is granted by the migrations, next to each table.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['clarity_migrator', 'clarity_auth', 'clarity_tenant', 'clarity_service',
                                   'clarity_engine', 'clarity_internal', 'clarity_admin'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I', role_name);
    END IF;
  END LOOP;
END $$;
-- Owns every table; FORCE holds it to the policies all the same.
ALTER ROLE clarity_migrator LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {{migrator}};
ALTER ROLE clarity_auth LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {{auth}};
ALTER ROLE clarity_tenant LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {{tenant}};
-- COPY into a table with row-level security is refused to all but a role that bypasses it: the ingest
-- transaction and the aggregator, whose tenant comes from control.source, use this one and nothing else does.
ALTER ROLE clarity_service LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS NOREPLICATION PASSWORD {{service}};
ALTER ROLE clarity_engine LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {{engine}};
ALTER ROLE clarity_internal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {{internal}};
ALTER ROLE clarity_admin LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {{admin}};
-- Functions and tables named without their schema must never be found in a place where others can create.
-- pg_temp is searched first for tables unless it is named, and so is named last; nobody makes anything there.
ALTER ROLE clarity_migrator SET search_path = pg_catalog, pg_temp;
ALTER ROLE clarity_auth SET search_path = pg_catalog, pg_temp;
ALTER ROLE clarity_tenant SET search_path = pg_catalog, pg_temp;
ALTER ROLE clarity_service SET search_path = pg_catalog, pg_temp;
ALTER ROLE clarity_engine SET search_path = pg_catalog, pg_temp;
ALTER ROLE clarity_internal SET search_path = pg_catalog, pg_temp;
ALTER ROLE clarity_admin SET search_path = pg_catalog, pg_temp;
-- Tables of what waits are nearly empty at one moment and full at the next, and full of rows that are gone: what the
-- planner knows of them is never true. Whatever the engine asks is answered from an index, and planned once.
ALTER ROLE clarity_engine SET enable_seqscan = off;
ALTER ROLE clarity_engine SET enable_hashjoin = off;
ALTER ROLE clarity_engine SET enable_mergejoin = off;
ALTER ROLE clarity_engine SET plan_cache_mode = force_generic_plan;
ALTER ROLE clarity_engine SET jit = off;
DO $$
BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;

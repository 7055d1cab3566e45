-- Schemas, and the one function that says whose rows a transaction may see.
-- Every table with a tenant_id has row-level security enabled AND forced, so that its owner is held to it too.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA control;
CREATE SCHEMA bronze;
CREATE SCHEMA analytics;

GRANT USAGE ON SCHEMA control TO clarity_auth, clarity_tenant, clarity_service, clarity_engine, clarity_internal, clarity_admin;
GRANT USAGE ON SCHEMA bronze TO clarity_tenant, clarity_service, clarity_engine;
GRANT USAGE ON SCHEMA analytics TO clarity_tenant, clarity_service, clarity_engine;

-- The tenant that this transaction speaks for: null when it was never set, which no policy matches.
-- A malformed one is an error, not a null: it is a fault in the code above.
CREATE FUNCTION control.current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(pg_catalog.current_setting('clarity.tenant', true), '')::uuid $$;

CREATE FUNCTION control.current_person() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(pg_catalog.current_setting('clarity.person', true), '')::uuid $$;

REVOKE ALL ON FUNCTION control.current_tenant(), control.current_person() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.current_tenant(), control.current_person()
  TO clarity_auth, clarity_tenant, clarity_service, clarity_engine, clarity_internal, clarity_admin;

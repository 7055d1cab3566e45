-- What workflows reach systems with: a connector says which system, a connection holds one set of credentials for it.
--
-- The secret of a connection is encrypted before it comes here, under a key of its tenant's alone and for this row
-- alone (base.crypto). It is written by people as clarity_tenant and read where a step uses it, as clarity_engine.
CREATE TABLE maestro.connector (
  connector_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  type text NOT NULL CHECK (type IN ('http')),
  -- Without secrets. It never changes: an address that could be changed would take credentials elsewhere.
  config jsonb NOT NULL CHECK (octet_length(config::text) <= 16384),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active')),
  created_by uuid REFERENCES control.user_account,
  created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, connector_id)
);
CREATE UNIQUE INDEX connector_name ON maestro.connector (tenant_id, lower(name));
ALTER TABLE maestro.connector ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.connector FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.connector TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.connector FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, DELETE ON maestro.connector TO clarity_tenant;
GRANT SELECT ON maestro.connector TO clarity_engine;

CREATE TABLE maestro.connection (
  connection_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  connector_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  -- How the secret is shown to the system, and whatever of it is none.
  config jsonb NOT NULL CHECK (octet_length(config::text) <= 16384),
  secret bytea CHECK (octet_length(secret) <= 65536),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  -- Rises with every change: what an ETag names.
  revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
  created_by uuid REFERENCES control.user_account,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  -- So that it cannot belong to another tenant's connector.
  FOREIGN KEY (tenant_id, connector_id) REFERENCES maestro.connector (tenant_id, connector_id)
);
CREATE UNIQUE INDEX connection_name ON maestro.connection (tenant_id, lower(name));
CREATE INDEX connection_connector ON maestro.connection (tenant_id, connector_id);
ALTER TABLE maestro.connection ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.connection FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.connection TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.connection FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, UPDATE (name, config, secret, status, revision, updated_at), DELETE ON maestro.connection TO clarity_tenant;
GRANT SELECT ON maestro.connection TO clarity_engine;

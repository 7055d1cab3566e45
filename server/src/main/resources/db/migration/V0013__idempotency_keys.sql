-- What a person's request with an Idempotency-Key has come to, for a day: so that the same request again has the first
-- answer again, and its effect once. A row is a claim: who holds its lease is at work on it; when the lease has run out
-- another may take it over, under the same claim_id, and knows that it does.
CREATE TABLE control.idempotency_key (
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant ON DELETE CASCADE,
  user_id uuid NOT NULL,
  -- Of the key; and of the request (method, address, kind and bytes of the body) under a key of the platform's, since a
  -- body may hold what could be guessed.
  key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  route text NOT NULL CHECK (length(route) <= 300),
  state text NOT NULL CHECK (state IN ('running', 'done')),
  claim_id uuid NOT NULL,
  -- Rises with every taking over: the one before can no longer say what it came to.
  claim_epoch integer NOT NULL,
  lease_until timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  status integer,
  -- Names and values by turns.
  headers text[],
  -- Encrypted under the tenant's key: an answer may hold a secret that is shown once. Null if it was too large to be
  -- kept.
  body bytea,
  CHECK (state = 'done' OR status IS NULL),
  PRIMARY KEY (tenant_id, user_id, key_hash)
);
CREATE INDEX idempotency_key_expires ON control.idempotency_key (expires_at);

ALTER TABLE control.idempotency_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.idempotency_key FORCE ROW LEVEL SECURITY;
-- A person's keys are that person's alone, within the workspace.
CREATE POLICY own ON control.idempotency_key FOR ALL TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()) AND user_id = (SELECT control.current_person()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()) AND user_id = (SELECT control.current_person()));
GRANT SELECT, INSERT, UPDATE ON control.idempotency_key TO clarity_tenant;
-- In the background leases are extended and what has expired is deleted, of all tenants at once.
CREATE POLICY background ON control.idempotency_key FOR ALL TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT (tenant_id, user_id, key_hash, state, claim_id, lease_until, expires_at), UPDATE (lease_until), DELETE
  ON control.idempotency_key TO clarity_engine;

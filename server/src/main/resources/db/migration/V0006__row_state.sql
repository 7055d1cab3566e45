-- What each row of a source contributes to the read models now, so that an update or a delete can take it back, and
-- a minute can be folded again. Written by the one consumer of the source's partition, read by nobody else: no tenant
-- role has a grant, so there is no tenant_id and no policy that could leak.

-- What people chose for a captured table. It holds for the models that are made from then on.
CREATE TABLE control.source_table_option (
  source_id uuid NOT NULL,
  table_name text NOT NULL,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  on_delete text NOT NULL CHECK (on_delete IN ('retract', 'keep')),
  PRIMARY KEY (source_id, table_name),
  FOREIGN KEY (tenant_id, source_id) REFERENCES control.source (tenant_id, source_id)
);
ALTER TABLE control.source_table_option ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.source_table_option FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.source_table_option TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, UPDATE (on_delete) ON control.source_table_option TO clarity_tenant;
GRANT SELECT ON control.source_table_option TO clarity_service;

-- How a captured table is folded in one model. The number tells models apart.
CREATE TABLE analytics.model_table (
  table_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model_id integer NOT NULL,
  table_name text NOT NULL,
  -- Whether rows that the source deletes are taken back, or stay as history. Changing it means building anew.
  on_delete text NOT NULL CHECK (on_delete IN ('retract', 'keep')),
  -- The columns whose values are the key in row_state, or, where a row's whole image is, the version that it is of and
  -- which columns some rows are known without; null until a row of the table was folded. See ImageKeys.
  key_layout text,
  -- Whether its readings name sites beside their devices.
  names_site boolean NOT NULL,
  UNIQUE (model_id, table_name)
);
ALTER TABLE analytics.model_table ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.model_table FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (key_layout, names_site), DELETE ON analytics.model_table TO clarity_service;

CREATE TABLE analytics.row_state (
  table_id integer NOT NULL,
  -- The values of the row's key columns, each after its length; for a row without key '~', a hash of its image, and
  -- its birth; '?' and its birth, if the row is there and no key tells it: it lacks a column that the key is made of by
  -- now, or the table has none and its deleted rows are kept. Null: nobody can tell which row this is, or the source has
  -- deleted it and it is kept.
  key bytea,
  -- The event that created the row (epoch * 2^40 + seq). It breaks ties between readings of one moment.
  born bigint NOT NULL,
  -- The device that a reading or a session is of. Null if the row says nothing that can be folded.
  refers uuid,
  -- What a row that is no reading describes; for a reading whose value is a text, that value's place.
  describes uuid,
  -- When a reading was; of a session that the source has deleted and that is kept, when that was.
  at timestamptz,
  schema_version integer NOT NULL,
  image bytea NOT NULL
);
CREATE UNIQUE INDEX row_state_key ON analytics.row_state (table_id, key);
CREATE INDEX row_state_refers ON analytics.row_state (refers, table_id, at) WHERE refers IS NOT NULL;
CREATE INDEX row_state_describes ON analytics.row_state (describes, table_id) WHERE describes IS NOT NULL;
ALTER TABLE analytics.row_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.row_state FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (key), DELETE ON analytics.row_state TO clarity_service;

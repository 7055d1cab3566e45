package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.TableSchema;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What is made of the schemas that customers have.
class MappingInferenceTests {

  static Stream<Arguments> schemas() {
    return Stream.of(
        of(
            "wide readings with declared references",
            List.of(
                table("sites", "id int4 key", "name text", "city text"),
                table(
                    "devices",
                    "id int4 key",
                    "site_id int4 -> sites(id)",
                    "name text",
                    "model text"),
                table(
                    "readings",
                    "id int8 key",
                    "device_id int4 -> devices(id)",
                    "ts timestamptz",
                    "pressure_bar float8",
                    "temp_c numeric(5,2)")),
            "sites: site id=id name=name extras=city",
            "devices: device id=id name=name parent=site_id extras=model",
            "readings: metric parent=device_id time=ts values=pressure_bar,temp_c"),
        of(
            "a tall table with a composite key and no declared references",
            List.of(
                table("assets", "asset_id uuid key", "plant_id int4", "asset_name text"),
                table("plants", "plant_id int4 key", "plant_name text"),
                table(
                    "measurements",
                    "asset_id uuid key",
                    "metric text key",
                    "ts timestamptz key",
                    "value float8",
                    "unit text")),
            "assets: device id=asset_id name=asset_name parent=plant_id",
            "plants: site id=plant_id name=plant_name",
            "measurements: metric parent=asset_id time=ts metric=metric value=value"),
        of(
            "readings that arrive before their machines",
            List.of(
                table(
                    "machine_telemetry",
                    "machine_id int4",
                    "recorded_at timestamp",
                    "rpm int4",
                    "load_pct real"),
                table("machines", "id int4 key", "name text", "location_id int4"),
                table("locations", "id int4 key", "name text")),
            "machine_telemetry: metric parent=machine_id time=recorded_at values=rpm,load_pct",
            "machines: device id=id name=name parent=location_id",
            "locations: site id=id name=name"),
        of(
            "entity, attribute, value with time",
            List.of(
                table(
                    "device_values",
                    "id int8 key",
                    "device_id int4",
                    "attribute text",
                    "value text",
                    "time timestamptz")),
            "device_values: metric parent=device_id time=time metric=attribute value=value"),
        of(
            "pumps in a schema of their own, camel case",
            List.of(
                table("plantdata.PumpStations", "PumpStationId int4 key", "Name text"),
                table(
                    "plantdata.Pumps",
                    "PumpId int4 key",
                    "SiteId int4",
                    "PumpName text",
                    "RatedPowerKw float8",
                    "InstalledAt timestamp"),
                table(
                    "plantdata.PumpReadings",
                    "ReadingId int8 key",
                    "PumpId int4",
                    "ReadingTime timestamp",
                    "BowlPressureBar float8",
                    "FlowLMin float8")),
            "plantdata.Pumps: device id=PumpId name=PumpName parent=SiteId extras=RatedPowerKw,InstalledAt",
            "plantdata.PumpReadings: metric parent=PumpId time=ReadingTime values=BowlPressureBar,FlowLMin"),
        of(
            "production lines below plants",
            List.of(
                table("lines", "id int4 key", "plant_id int4 -> plants(id)", "name text"),
                table("plants", "id int4 key", "name text"),
                table(
                    "line_metrics",
                    "line_id int4 key -> lines(id)",
                    "ts timestamptz key",
                    "oee_pct numeric",
                    "bottles int4")),
            "lines: device id=id name=name parent=plant_id",
            "plants: site id=id name=name",
            "line_metrics: metric parent=line_id time=ts values=oee_pct,bottles"),
        of(
            "vehicles and trips",
            List.of(
                table("vehicles", "vin text key", "depot_id int4", "model text"),
                table("depots", "id int4 key", "name text"),
                table(
                    "trips",
                    "id int8 key",
                    "vehicle_vin text",
                    "started_at timestamptz",
                    "ended_at timestamptz",
                    "distance_km float8"),
                table(
                    "vehicle_positions",
                    "vehicle_id text key",
                    "ts timestamptz key",
                    "speed_kmh float8",
                    "fuel_pct float8")),
            "vehicles: device id=vin parent=depot_id extras=model",
            "depots: site id=id name=name",
            "trips: session",
            "vehicle_positions: metric parent=vehicle_id time=ts values=speed_kmh,fuel_pct"),
        of(
            "one flat table with names instead of references",
            List.of(
                table(
                    "telemetry",
                    "ts timestamptz required",
                    "site text required",
                    "machine text required",
                    "temp_c float8",
                    "status text",
                    "running boolean")),
            "telemetry: metric parent=machine site=site time=ts values=temp_c extras=status,running"),
        of(
            "readings without any device",
            List.of(table("ambient_readings", "timestamp timestamp key", "value float8")),
            "ambient_readings: metric time=timestamp values=value"),
        of(
            "an epoch as time, identifiers in text",
            List.of(
                table(
                    "sensor_data",
                    "deviceid text",
                    "epoch_ms int8",
                    "vibration_mm_s float8",
                    "error_code int4")),
            "sensor_data: metric parent=deviceid time=epoch_ms values=vibration_mm_s extras=error_code"),
        of(
            "a noun that nobody knows, with its readings",
            List.of(
                table(
                    "kettle_readings",
                    "kettle_id int4 -> kettles(id)",
                    "ts timestamptz",
                    "wort_temp_c float8"),
                table("kettles", "id int4 key", "label text")),
            "kettle_readings: metric parent=kettle_id time=ts values=wort_temp_c",
            "kettles: device id=id name=label"),
        of(
            "work on machines is no reading",
            List.of(
                table("machines", "id int4 key", "name text"),
                table(
                    "work_orders",
                    "id int4 key",
                    "machine_id int4 -> machines(id)",
                    "opened_at timestamptz",
                    "cost numeric"),
                table(
                    "maintenance_log",
                    "id int4 key",
                    "machine_id int4",
                    "ts timestamptz",
                    "hours float8"),
                table(
                    "alarms",
                    "id int4 key",
                    "machine_id int4",
                    "raised_at timestamptz",
                    "severity int4"),
                table("machine_types", "id int4 key", "name text"),
                table(
                    "downtimes",
                    "id int4 key",
                    "machine_id int4",
                    "start_time timestamptz",
                    "end_time timestamptz",
                    "reason text")),
            "machines: device id=id name=name",
            "work_orders: row",
            "maintenance_log: row",
            "alarms: row",
            "machine_types: row",
            "downtimes: session"),
        of(
            "a music shop",
            List.of(
                table(
                    "album",
                    "album_id int4 key",
                    "title varchar(160)",
                    "artist_id int4 -> artist(artist_id)"),
                table("artist", "artist_id int4 key", "name varchar(120)"),
                table(
                    "customer",
                    "customer_id int4 key",
                    "first_name text",
                    "company text",
                    "state text",
                    "support_rep_id int4"),
                table(
                    "employee",
                    "employee_id int4 key",
                    "last_name text",
                    "reports_to int4",
                    "hire_date timestamp"),
                table("genre", "genre_id int4 key", "name text"),
                table(
                    "invoice",
                    "invoice_id int4 key",
                    "customer_id int4",
                    "invoice_date timestamp",
                    "billing_state text",
                    "total numeric(10,2)"),
                table(
                    "invoice_line",
                    "invoice_line_id int4 key",
                    "invoice_id int4",
                    "track_id int4",
                    "unit_price numeric(10,2)",
                    "quantity int4"),
                table("media_type", "media_type_id int4 key", "name text"),
                table("playlist", "playlist_id int4 key", "name text"),
                table("playlist_track", "playlist_id int4 key", "track_id int4 key"),
                table(
                    "track",
                    "track_id int4 key",
                    "name text",
                    "milliseconds int4",
                    "bytes int4",
                    "unit_price numeric(10,2)")),
            "album: row",
            "artist: row",
            "customer: row",
            "employee: row",
            "genre: row",
            "invoice: row",
            "invoice_line: row",
            "media_type: row",
            "playlist: row",
            "playlist_track: row",
            "track: row"),
        of(
            "awkward types",
            List.of(
                table("t_num", "id int4 key", "r real", "n numeric", "m money"),
                table("t_time", "id int4 key", "d date", "ts timestamp", "iv interval"),
                table("t_doc", "id int4 key", "j json", "jb jsonb"),
                table("t_no_pk", "a int4", "b text"),
                table("Ta \"ble.x", "a_b int4 key"),
                table("empty")),
            "t_num: row id=id extras=r,n,m",
            "t_time: row",
            "t_doc: row",
            "t_no_pk: row extras=a,b",
            "empty: row"),
        of(
            "newest values, one row a device",
            List.of(
                table(
                    "latest_readings",
                    "device_id int4 key",
                    "updated_at timestamptz",
                    "temperature_c float8",
                    "humidity_pct float8")),
            "latest_readings: metric parent=device_id time=updated_at values=temperature_c,humidity_pct"),
        of(
            "meters by serial number",
            List.of(
                table("meters", "serial_no text key", "facility text", "type text"),
                table(
                    "meter_readings",
                    "meter_serial text key",
                    "read_at timestamptz key",
                    "kwh numeric(12,3)",
                    "quality int2")),
            "meters: device id=serial_no parent=facility extras=type",
            "meter_readings: metric parent=meter_serial time=read_at values=kwh extras=quality"),
        of(
            "German names",
            List.of(
                table("standorte", "id int4 key", "bezeichnung text"),
                table("maschinen", "id int4 key", "standort_id int4", "bezeichnung text"),
                table(
                    "messwerte",
                    "maschine_id int4",
                    "zeitstempel timestamptz",
                    "druck_bar float8")),
            "standorte: site id=id name=bezeichnung",
            "maschinen: device id=id name=bezeichnung parent=standort_id",
            "messwerte: metric parent=maschine_id time=zeitstempel values=druck_bar"),
        of(
            "who may use which device is no device",
            List.of(
                table(
                    "user_devices",
                    "user_id int4 key",
                    "device_id int4 key",
                    "granted_at timestamptz"),
                table("device_groups", "id int4 key", "name text")),
            "user_devices: row",
            "device_groups: row"),
        of(
            "a bottling plant with tables of readings by class of machine",
            List.of(
                table("plant.site", "site_id int4 key", "code text", "name text", "employees int4"),
                table(
                    "plant.work_centre",
                    "work_centre_id int4 key",
                    "site_id int4 -> plant.site(site_id)",
                    "code text",
                    "description text"),
                table(
                    "plant.machine",
                    "machine_id int4 key",
                    "site_id int4 -> plant.site(site_id)",
                    "work_centre_id int4 -> plant.work_centre(work_centre_id)",
                    "tag text",
                    "name text",
                    "machine_class text",
                    "commissioned_on date",
                    "rated_power_kw numeric",
                    "nameplate jsonb"),
                table(
                    "plant.shift",
                    "shift_id int8 key",
                    "site_id int4 -> plant.site(site_id)",
                    "name text",
                    "starts_at timestamptz",
                    "ends_at timestamptz"),
                table(
                    "plant.machine_stop",
                    "stop_id int8 key",
                    "machine_id int4 -> plant.machine(machine_id)",
                    "started_at timestamptz",
                    "ended_at timestamptz",
                    "reason text"),
                table(
                    "plant.work_order",
                    "work_order_no int8 key",
                    "machine_id int4 -> plant.machine(machine_id)",
                    "opened_at timestamptz",
                    "closed_at timestamptz"),
                table(
                    "plant.operator_note",
                    "note_id int8 key",
                    "site_id int4 -> plant.site(site_id)",
                    "machine_id int4 -> plant.machine(machine_id)",
                    "written_at timestamptz",
                    "note text"),
                table(
                    "plant.production_order",
                    "order_no int8 key",
                    "planned_bottles int4",
                    "released_at timestamptz"),
                table(
                    "plant.filler_reading",
                    "machine_id int4 key -> plant.machine(machine_id)",
                    "read_at timestamptz key",
                    "power_kw numeric(8,2)",
                    "speed_bph numeric(7,0)",
                    "bottles_total int8")),
            "plant.site: site id=site_id name=name",
            "plant.work_centre: row",
            "plant.machine: device id=machine_id parent=site_id name=name",
            "plant.shift: session",
            "plant.machine_stop: session",
            "plant.work_order: row",
            "plant.operator_note: row",
            "plant.production_order: row",
            "plant.filler_reading: metric parent=machine_id time=read_at values=power_kw,speed_bph,bottles_total"),
        of(
            "stones of a mill, known by their readings",
            List.of(
                table(
                    "mill.reading",
                    "stone_id int4 key -> mill.stone(id)",
                    "at timestamptz key",
                    "speed_rpm numeric(6,2)",
                    "flour_kg numeric(8,3)"),
                table("mill.site", "id int4 key", "name text"),
                table(
                    "mill.stone",
                    "id int4 key",
                    "site_id int4 -> mill.site(id)",
                    "name text",
                    "cut_at date",
                    "dressing jsonb")),
            "mill.reading: metric parent=stone_id time=at values=speed_rpm,flour_kg",
            "mill.site: site id=id name=name",
            "mill.stone: device id=id parent=site_id name=name"),
        of(
            "a general reference before the one table that it can mean",
            List.of(
                table("telemetry", "asset_id int4", "ts timestamptz", "flow_m3_h float8"),
                table("pumps", "id int4 key", "site text", "name text")),
            "telemetry: metric parent=asset_id time=ts values=flow_m3_h",
            "pumps: device id=id name=name parent=site"));
  }

  private static Arguments of(String what, List<TableSchema> tables, String... expected) {
    return Arguments.of(what, tables, List.of(expected));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("schemas")
  void a_schema_is_understood(String what, List<TableSchema> tables, List<String> expected) {
    var mappings = infer(tables);

    for (var line : expected) {
      var table = line.substring(0, line.indexOf(':'));
      var words = line.substring(line.indexOf(':') + 2).split(" ");
      var mapping = mappings.get(table.contains(".") ? table : "public." + table);
      var described = describe(mapping);
      assertThat(described).as("%s, because %s", table, mapping.reasons()).contains(words);
      if (words.length > 1 && mapping.entity() == Entity.METRIC) {
        assertThat(described).as("%s", table).containsExactlyInAnyOrder(words);
      }
      assertThat(mapping.reasons()).as(table).isNotEmpty();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("schemas")
  void readings_mean_the_devices_of_their_table_in_any_order(
      String what, List<TableSchema> tables, List<String> expected) {
    for (var order : List.of(tables, tables.reversed())) {
      var mappings = infer(order);
      for (var mapping : mappings.values()) {
        var parent = mapping.parent();
        if (mapping.entity() == Entity.METRIC && parent != null) {
          var devices =
              mappings.values().stream().filter(m -> m.entity() == Entity.DEVICE).toList();
          if (devices.size() == 1) {
            assertThat(parent.kind()).as("%s", order).isEqualTo(devices.getFirst().kind());
          }
        }
      }
    }
  }

  @Test
  void two_tables_of_one_noun_have_different_kinds() {
    var mappings =
        infer(
            List.of(
                table("north.pumps", "id int4 key", "name text"),
                table("south.pumps", "id int4 key", "name text"),
                table(
                    "south.pump_readings",
                    "pump_id int4 -> south.pumps(id)",
                    "ts timestamptz",
                    "bar float8")));

    assertThat(mappings.get("south.pumps").kind()).isNotEqualTo(mappings.get("north.pumps").kind());
    assertThat(mappings.get("south.pump_readings").parent().kind())
        .isEqualTo(mappings.get("south.pumps").kind());
  }

  @Test
  void a_column_that_comes_later_is_a_metric_of_the_same_mapping() {
    var before = table("pump_readings", "pump_id int4", "ts timestamptz", "flow_l_min float8");
    var after =
        table(
            "pump_readings",
            "pump_id int4",
            "ts timestamptz",
            "flow_l_min float8",
            "temp_c float8",
            "note text");
    var mapping = MappingInference.infer(before, Map.of());

    var extended = MappingInference.extend(mapping, after, Map.of());

    assertThat(extended.version()).isEqualTo(2);
    assertThat(extended.parent()).isEqualTo(mapping.parent());
    assertThat(extended.values())
        .extracting(Mapping.Value::column)
        .containsExactly("flow_l_min", "temp_c");
    assertThat(extended.extras()).containsExactly("note");
  }

  @Test
  void a_mapping_is_the_same_after_it_was_stored() {
    var json = new MappingJson();

    for (var mapping :
        infer(
                List.of(
                    table("pumps", "id int4 key", "site_id int4", "name text"),
                    table("pump_readings", "pump_id int4", "ts int8", "flow_l_min float8")))
            .values()) {
      assertThat(json.read(json.write(mapping))).isEqualTo(mapping);
    }
  }

  private static Map<String, Mapping> infer(List<TableSchema> tables) {
    Map<String, Mapping> known = new LinkedHashMap<>();
    for (var table : tables) {
      known.put(table.qualifiedName(), MappingInference.infer(table, Map.copyOf(known)));
    }
    return known;
  }

  private static List<String> describe(Mapping mapping) {
    var words = new java.util.ArrayList<String>();
    words.add(mapping.entity().label());
    add(words, "id", mapping.id());
    add(words, "parent", mapping.parent() == null ? List.of() : mapping.parent().columns());
    add(words, "site", mapping.site() == null ? List.of() : mapping.site().columns());
    add(words, "name", one(mapping.name()));
    add(words, "time", one(mapping.time()));
    add(words, "metric", one(mapping.metric()));
    add(words, "value", one(mapping.value()));
    add(words, "values", mapping.values().stream().map(Mapping.Value::column).toList());
    add(words, "extras", mapping.extras());
    return words;
  }

  private static List<String> one(String text) {
    return text == null ? List.of() : List.of(text);
  }

  private static void add(List<String> words, String label, List<String> columns) {
    if (!columns.isEmpty()) {
      words.add(label + "=" + String.join(",", columns));
    }
  }
}

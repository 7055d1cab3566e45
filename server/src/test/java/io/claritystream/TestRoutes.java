package io.claritystream;

import com.zaxxer.hikari.HikariDataSource;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Positive;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.http.MediaType;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/// Routes that only tests have, to see the manners by. It lies where nothing is scanned: a test
/// asks for it by name.
@RestController
public class TestRoutes {

  /// Counted down when a stream has been opened.
  public static final CountDownLatch STREAMING = new CountDownLatch(1);

  private final DataSource tenant;

  TestRoutes(@Qualifier("tenant") DataSource tenant) {
    this.tenant = tenant;
  }

  record Thing(String name, int count, @Nullable List<String> tags, @Nullable Instant at) {}

  @PostMapping("/v1/test/things")
  @AnyCaller
  Thing echo(@RequestBody Thing thing) {
    return thing;
  }

  /// Takes any JSON.
  @PostMapping("/v1/test/anything")
  @AnyCaller
  int anything(@RequestBody Map<String, Object> anything) {
    return anything.size();
  }

  @PostMapping("/v1/test/things/{id}")
  @AnyCaller
  void refused(
      @PathVariable("id") String id,
      @RequestParam(name = "at", required = false) @Nullable String at,
      @RequestBody Thing thing) {
    throw Problem.invalid(thing.name(), "is not valid");
  }

  record Line(@Positive int unitPrice) {}

  record Delivery(@Nullable List<@Valid Line> lines, @Nullable Map<String, @Valid Line> byName) {}

  record Order(@Valid Delivery delivery) {}

  @PostMapping("/v1/test/order")
  @AnyCaller
  void order(@Valid @RequestBody Order order) {}

  @PostMapping("/v1/test/required")
  @AnyCaller
  void required(@RequestParam("at") String at, @RequestBody Thing thing) {}

  @GetMapping("/v1/test/things/{id}")
  @AnyCaller
  String thing(
      @PathVariable("id") UUID id,
      @RequestParam(name = "since", required = false) @Nullable Instant since) {
    return id + " " + since;
  }

  @GetMapping("/v1/test/list")
  @AnyCaller
  Page<Integer> list(PageRequest page) {
    int from = page.after("test", 1).map(cursor -> (int) cursor.number(0)).orElse(0);
    List<Integer> rows =
        java.util.stream.IntStream.range(from, Math.min(from + page.rows(), 250)).boxed().toList();
    return Page.of(rows, page, last -> Cursor.of("test", last + 1));
  }

  @GetMapping("/v1/test/broken")
  @AnyCaller
  String broken() {
    throw new IllegalStateException("the password of the database is hunter2");
  }

  @GetMapping("/v1/test/down")
  @AnyCaller
  String down() {
    throw new DataAccessResourceFailureException("connection to db-17 refused");
  }

  @GetMapping("/v1/test/flag")
  @AnyCaller
  String flag(@RequestParam(name = "flag", defaultValue = "false") boolean flag) {
    return Boolean.toString(flag);
  }

  /// As a pool says that all its connections are in use.
  @GetMapping("/v1/test/busy")
  @AnyCaller
  String busy() throws SQLException {
    try (var pool = new HikariDataSource()) {
      pool.setDataSource(tenant);
      pool.setMaximumPoolSize(1);
      pool.setConnectionTimeout(250);
      try (var all = pool.getConnection();
          var more = pool.getConnection()) {
        return all + " " + more;
      }
    }
  }

  /// As a transaction says that its connection went, and its rollback with it.
  @GetMapping("/v1/test/lost")
  @AnyCaller
  String lost() {
    throw new TransactionSystemException(
        "JDBC rollback failed", new SQLException("Connection is closed"));
  }

  /// As a pool says that it cannot make one.
  @GetMapping("/v1/test/away")
  @AnyCaller
  String away() throws SQLException {
    try (var pool = new HikariDataSource()) {
      pool.setJdbcUrl("jdbc:postgresql://127.0.0.1:1/none");
      pool.setUsername("nobody");
      pool.setInitializationFailTimeout(-1);
      pool.setConnectionTimeout(500);
      try (var one = pool.getConnection()) {
        return one.toString();
      }
    }
  }

  @GetMapping("/v1/test/owners")
  @RequiresPermission(Permission.WORKSPACE_WRITE)
  String owners(Caller caller) {
    return caller.role().key();
  }

  @GetMapping(path = "/v1/test/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  @AnyCaller
  SseEmitter stream(Caller caller) throws Exception {
    SseEmitter emitter = new SseEmitter(0L);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                emitter.send(SseEmitter.event().name("hello").data("{}"));
                STREAMING.await(10, TimeUnit.SECONDS);
                emitter.send(SseEmitter.event().name("more").data("{}"));
                emitter.complete();
              } catch (Exception gone) {
                emitter.completeWithError(gone);
              }
            });
    return emitter;
  }
}

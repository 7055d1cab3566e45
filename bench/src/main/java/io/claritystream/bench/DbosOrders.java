package io.claritystream.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.dbos.transact.DBOS;
import dev.dbos.transact.config.DBOSConfig;
import dev.dbos.transact.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;

/// A program that runs the workflow of two steps with DBOS: as many threads as were asked for call
/// it, each again as soon as it has its answer. There is no HTTP before it and no execution is
/// handed to anyone, which is less than what our own have to do.
///
/// Arguments: JDBC address, seconds to warm up, seconds to measure, threads. The environment has
/// the database's user and password. It prints one line: workflows that ended in the time, and the
/// microseconds of p50 and p99.
public final class DbosOrders {
  private static final double[] AMOUNTS = {12.5, 30};

  private DbosOrders() {}

  /// A workflow as DBOS wants it: behind an interface.
  interface Orders {
    Map<String, Object> take(String order);
  }

  static final class DurableOrders implements Orders {
    private final DBOS dbos;

    DurableOrders(DBOS dbos) {
      this.dbos = dbos;
    }

    @Override
    @Workflow(name = "take")
    public Map<String, Object> take(String order) {
      Map<String, Object> mapped =
          dbos.runStep(() -> Map.of("id", order, "total", AMOUNTS[0] + AMOUNTS[1]), "map");
      return dbos.runStep(() -> Map.of("total", mapped.get("total"), "done", true), "finish");
    }
  }

  public static void main(String[] arguments) throws Exception {
    int warmup = Integer.parseInt(arguments[1]);
    int seconds = Integer.parseInt(arguments[2]);
    int threads = Integer.parseInt(arguments[3]);
    HikariConfig pool = new HikariConfig();
    pool.setJdbcUrl(arguments[0]);
    pool.setUsername(System.getenv("PGUSER"));
    pool.setPassword(System.getenv("PGPASSWORD"));
    pool.setMaximumPoolSize(threads);
    try (HikariDataSource source = new HikariDataSource(pool);
        DBOS dbos = new DBOS(DBOSConfig.defaults("orders").withDataSource(source))) {
      Orders orders = dbos.registerProxy(Orders.class, new DurableOrders(dbos));
      dbos.launch();
      measure(orders, threads, warmup);
      System.out.println(measure(orders, threads, seconds));
    }
    System.exit(0);
  }

  private static String measure(Orders orders, int threads, int seconds)
      throws InterruptedException {
    AtomicLong ended = new AtomicLong();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Histogram all = Report.micros();
    List<Thread> callers = new ArrayList<>();
    long fromNs = System.nanoTime();
    long endNs = fromNs + seconds * 1_000_000_000L;
    for (int i = 0; i < threads; i++) {
      callers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    Histogram own = Report.micros();
                    try {
                      for (long ns = System.nanoTime(); ns < endNs; ns = System.nanoTime()) {
                        orders.take("A-1047");
                        long nowNs = System.nanoTime();
                        Report.record(own, (nowNs - ns) / 1_000);
                        if (nowNs < endNs) {
                          ended.incrementAndGet();
                        }
                      }
                    } catch (RuntimeException e) {
                      failure.compareAndSet(null, e);
                    }
                    synchronized (all) {
                      all.add(own);
                    }
                  }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    if (failure.get() != null) {
      failure.get().printStackTrace();
      System.exit(1);
    }
    return "measured %d %d %d"
        .formatted(ended.get(), all.getValueAtPercentile(50), all.getValueAtPercentile(99));
  }
}

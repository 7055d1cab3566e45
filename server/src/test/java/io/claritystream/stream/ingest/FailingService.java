package io.claritystream.stream.ingest;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// A database that a process loses before a transaction or before its commit, as it does when it is
/// killed there, and is told nothing any more. What was not committed is rolled back, so it makes
/// no difference at which statement within a transaction that is.
final class FailingService implements DataSource {
  private final DataSource service;
  private final BooleanSupplier fails;
  private volatile boolean failed;

  /// Before the commit of a transaction with it the process is gone; null if that is not asked for.
  private @Nullable String statement;

  private volatile boolean gone;

  FailingService(DataSource service, BooleanSupplier fails) {
    this.service = service;
    this.fails = fails;
  }

  /// From the call with this number on.
  static FailingService from(DataSource service, int call) {
    var calls = new AtomicInteger();
    return new FailingService(service, () -> calls.incrementAndGet() >= call);
  }

  /// From the commit on of the first transaction of ingest that says this to the database.
  static FailingService atCommitOf(DataSource service, String statement) {
    var failing = new FailingService(service, () -> false);
    failing.statement = statement;
    return failing;
  }

  /// From the call with this number on, of those of the thread that commits what is taken in.
  static FailingService toIngest(DataSource service, int call) {
    var calls = new AtomicInteger();
    return new FailingService(
        service,
        () ->
            Thread.currentThread().getName().startsWith("ingest-commit")
                ? calls.incrementAndGet() >= call
                : calls.get() >= call);
  }

  /// For those who follow with models, so that a process only takes events in.
  static FailingService toFollowers(DataSource service) {
    return new FailingService(
        service, () -> Thread.currentThread().getName().equals("model-followers"));
  }

  @Override
  public Connection getConnection() throws SQLException {
    lookWhetherItFails();
    var connection = service.getConnection();
    var said = new AtomicBoolean();
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("prepareStatement")
                  && statement != null
                  && arguments[0].toString().contains(statement)) {
                said.set(true);
              }
              if (method.getName().equals("commit")) {
                gone |= said.get();
                lookWhetherItFails();
              }
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /// Whether somebody has found it gone.
  boolean failed() {
    return failed;
  }

  private void lookWhetherItFails() throws SQLException {
    if (gone || fails.getAsBoolean()) {
      failed = true;
      throw new SQLException("the process is gone", "08006");
    }
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    return getConnection();
  }

  @Override
  public PrintWriter getLogWriter() throws SQLException {
    return service.getLogWriter();
  }

  @Override
  public void setLogWriter(PrintWriter out) throws SQLException {
    service.setLogWriter(out);
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    service.setLoginTimeout(seconds);
  }

  @Override
  public int getLoginTimeout() throws SQLException {
    return service.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() {
    return Logger.getLogger(FailingService.class.getName());
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return service.unwrap(type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return service.isWrapperFor(type);
  }
}

package io.claritystream.base.http;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.apache.catalina.core.StandardHost;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.json.JsonMapper;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HttpProperties.class)
class HttpConfiguration {

  @Bean
  StrictJson strictJson() {
    return new StrictJson();
  }

  @Bean
  WebApp webApp() {
    return new WebApp();
  }

  @Bean
  ProblemResolver problemResolver(JsonMapper json, WebApp webApp) {
    return new ProblemResolver(json, webApp);
  }

  @Bean
  ErrorRoute errorRoute(ProblemResolver problems) {
    return new ErrorRoute(problems);
  }

  @Bean
  FilterRegistrationBean<RequestBoundary> requestBoundary(
      HttpProperties http,
      @Value("${clarity.public-url}") URI publicUrl,
      ProblemResolver problems,
      ObjectProvider<DirectRoute> direct) {
    FilterRegistrationBean<RequestBoundary> filter =
        new FilterRegistrationBean<>(
            new RequestBoundary(
                new HostRule(publicUrl, http.hosts()),
                http.bodyMax().toBytes(),
                problems,
                direct.stream().toList()));
    filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return filter;
  }

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemsOfTomcat() {
    return factory ->
        factory.addContextCustomizers(
            context -> {
              if (context.getParent() instanceof StandardHost host) {
                host.setErrorReportValveClass(ProblemReportValve.class.getName());
              }
            });
  }

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> safeHeadersOfTomcat() {
    return factory ->
        factory.addConnectorCustomizers(
            connector -> connector.addLifecycleListener(new SafeAdapter.Installing(connector)));
  }

  @Bean
  AccessRules accessRules(
      @Qualifier("requestMappingHandlerMapping")
          ObjectProvider<RequestMappingHandlerMapping> mappings) {
    return new AccessRules(mappings);
  }

  @Bean
  WebMvcConfigurer manners(AccessRules rules, WebApp webApp, ProblemResolver problems) {
    return new WebMvcConfigurer() {
      @Override
      public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(rules);
        registry.addInterceptor(new KnownParameters());
      }

      @Override
      public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(new WholeTexts());
        registry.addConverter(
            String.class,
            Instant.class,
            text ->
                ApiTime.parse(text)
                    .orElseThrow(() -> new IllegalArgumentException("not an RFC 3339 time")));
      }

      @Override
      public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
        resolvers.addAll(ArgumentResolvers.ALL);
      }

      @Override
      public void configureHandlerExceptionResolvers(List<HandlerExceptionResolver> resolvers) {
        resolvers.add(problems);
      }

      @Override
      public void addResourceHandlers(ResourceHandlerRegistry registry) {
        webApp.register(registry);
      }
    };
  }
}

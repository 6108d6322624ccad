#include "unit/base/config_support.hpp"

namespace jackdaw {
namespace {

TEST(config_listeners, kafkas_own_server_properties) {
  const broker_config c =
      loaded(file("process.roles=broker,controller\nnode.id=1\ncontroller.quorum.bootstrap.servers=localhost:9093\n"
                  "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ninter.broker.listener.name=PLAINTEXT\n"
                  "advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
                  "controller.listener.names=CONTROLLER\n"
                  "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL\n"));
  EXPECT_EQ(shown(c.listeners), "PLAINTEXT://:9092/PLAINTEXT ");
  EXPECT_EQ(shown(c.controller_listeners), "CONTROLLER://:9093/PLAINTEXT ");
  EXPECT_EQ(shown(c.advertised_listeners), "PLAINTEXT://localhost:9092/PLAINTEXT ");
  EXPECT_EQ(c.inter_broker_listener, "PLAINTEXT");
}

TEST(config_listeners, of_a_compose_file) {
  config_input in;
  in.environment = {
      {"KAFKA_NODE_ID", "2"},
      {"KAFKA_PROCESS_ROLES", "broker,controller"},
      {"KAFKA_CONTROLLER_QUORUM_VOTERS", "1@kafka-1:9093,2@kafka-2:9093"},
      {"KAFKA_LISTENERS", "PLAINTEXT://:19092,CONTROLLER://:9093,PLAINTEXT_HOST://:9092"},
      {"KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://kafka-2:19092,PLAINTEXT_HOST://localhost:39092,"},
      {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT"},
      {"KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER"},
      {"KAFKA_INTER_BROKER_LISTENER_NAME", "PLAINTEXT"}};
  const broker_config c = loaded(in);
  EXPECT_EQ(shown(c.listeners), "PLAINTEXT://:19092/PLAINTEXT PLAINTEXT_HOST://:9092/PLAINTEXT ");
  EXPECT_EQ(shown(c.advertised_listeners),
            "PLAINTEXT://kafka-2:19092/PLAINTEXT PLAINTEXT_HOST://localhost:39092/PLAINTEXT ");
  ASSERT_EQ(c.controller_quorum_voters.size(), 2u);
  EXPECT_EQ(c.controller_quorum_voters[1].id, broker_id{2});
  EXPECT_EQ(c.controller_quorum_voters[1].host, "kafka-2");
  EXPECT_EQ(c.controller_quorum_voters[1].port, 9093);
}

TEST(config_listeners, only_advertised_ones_in_a_container) {
  config_input in;
  in.environment = {{"KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://broker:29092"}};
  EXPECT_EQ(shown(loaded(in).listeners), "PLAINTEXT://:29092/PLAINTEXT ");
  EXPECT_EQ(shown(loaded(in).advertised_listeners), "PLAINTEXT://broker:29092/PLAINTEXT ");
}

TEST(config_listeners, a_file_without_listeners_listens_everywhere) {
  EXPECT_EQ(shown(loaded(file("node.id=1\n")).listeners), "PLAINTEXT://:9092/PLAINTEXT ");
}

TEST(config_listeners, addresses) {
  EXPECT_EQ(shown(loaded(file("listeners=plaintext://[::1]:0\n")).listeners), "PLAINTEXT://::1:0/PLAINTEXT ");
  EXPECT_EQ(
      loaded(file("listener.security.protocol.map=A:plaintext,B:PLAINTEXT\nlisteners=A://127.0.0.1:1,B://[::1]:1\n"))
          .listeners.size(),
      2u);
}

TEST(config_listeners, every_spelling_of_all_interfaces_is_understood_and_the_machines_name_advertised) {
  for (const char* host : {"", "[::]", "::", "[::0]", "[0:0:0:0:0:0:0:0]"}) {
    const broker_config c = loaded(file(std::string("listeners=PLAINTEXT://") + host + ":9092\n"));
    EXPECT_EQ(shown(c.advertised_listeners), "PLAINTEXT://:9092/PLAINTEXT ") << host;
  }
  for (const char* host : {"0.0.0.0", "[::]", "::0"}) {
    const broker_config c =
        loaded(file(std::string("advertised.listeners=PLAINTEXT://h:1\nlisteners=PLAINTEXT://") + host + ":9092\n"));
    ASSERT_EQ(c.listeners.size(), 1U) << host;
    EXPECT_EQ(shown(c.advertised_listeners), "PLAINTEXT://h:1/PLAINTEXT ") << host;
  }
}

TEST(config_listeners, an_address_of_version_6_needs_no_brackets) {
  EXPECT_EQ(shown(loaded(file("listeners=PLAINTEXT://::1:9092\n")).listeners), "PLAINTEXT://::1:9092/PLAINTEXT ");
}

struct bad_listeners {
  const char* text;
  const char* problem;
};

class config_listeners_refused : public testing::TestWithParam<bad_listeners> {};

TEST_P(config_listeners_refused, with_a_sentence) { EXPECT_EQ(problems(file(GetParam().text)), GetParam().problem); }

INSTANTIATE_TEST_SUITE_P(
    cases, config_listeners_refused,
    testing::Values(
        bad_listeners{"listeners=PLAINTEXT:9092\n",
                      "server.properties:1: listeners=PLAINTEXT:9092: PLAINTEXT:9092: allowed is NAME://HOST:PORT, the "
                      "port from 0 to 65535"},
        bad_listeners{"listeners=PLAINTEXT://h:70000\n",
                      "server.properties:1: listeners=PLAINTEXT://h:70000: PLAINTEXT://h:70000: allowed is "
                      "NAME://HOST:PORT, the port from 0 to 65535"},
        bad_listeners{"listeners=FOO://:1\n",
                      "server.properties:1: listeners=FOO://:1: FOO://:1: listener.security.protocol.map doesn't name "
                      "the security protocol of this listener"},
        bad_listeners{"listeners=PLAINTEXT://:1,PLAINTEXT://:2\n",
                      "server.properties:1: listeners=PLAINTEXT://:1,PLAINTEXT://:2: PLAINTEXT://:2: each listener "
                      "name may appear once"},
        bad_listeners{"listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\nlisteners=A://:1,B://:1\n",
                      "server.properties:2: listeners=A://:1,B://:1: B://:1: each listener needs a port of its own"},
        bad_listeners{"listener.security.protocol.map=A:FOO\nlisteners=PLAINTEXT://:1\n",
                      "server.properties:1: listener.security.protocol.map=A:FOO: allowed is a comma-separated list of "
                      "NAME:PROTOCOL, the protocol one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL\n"
                      "server.properties:2: listeners=PLAINTEXT://:1: PLAINTEXT://:1: listener.security.protocol.map "
                      "doesn't name the security protocol of this listener"},
        bad_listeners{"listeners=SSL://:1\n",
                      "server.properties:1: listeners=SSL://:1: SSL: the security protocol SSL isn't there yet; "
                      "allowed is PLAINTEXT"},
        bad_listeners{"listeners=PLAINTEXT://0.0.0.0:9092\n",
                      "server.properties:1: listeners=PLAINTEXT://0.0.0.0:9092: PLAINTEXT: clients can't connect to "
                      "0.0.0.0; set advertised.listeners to an address that they can reach"},
        bad_listeners{"listeners=PLAINTEXT://:1\nadvertised.listeners=PLAINTEXT://[::]:1\n",
                      "server.properties:2: advertised.listeners=PLAINTEXT://[::]:1: PLAINTEXT: clients can't connect "
                      "to ::; set advertised.listeners to an address that they can reach"},
        bad_listeners{"listeners=PLAINTEXT://*:1\n",
                      "server.properties:1: listeners=PLAINTEXT://*:1: PLAINTEXT://*:1: allowed is NAME://HOST:PORT, "
                      "the port from 0 to 65535; all interfaces are an empty HOST"},
        bad_listeners{"listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\nlisteners=A://127.0.0.1:1,B://[::]:1\n"
                      "advertised.listeners=A://h:1,B://h:2\ninter.broker.listener.name=A\n",
                      "server.properties:2: listeners=A://127.0.0.1:1,B://[::]:1: B://[::]:1: each listener needs a "
                      "port of its own"},
        bad_listeners{"listeners=PLAINTEXT://:1\nadvertised.listeners=SSL://h:1,PLAINTEXT://h:1\n",
                      "server.properties:2: advertised.listeners=SSL://h:1,PLAINTEXT://h:1: SSL: listeners doesn't "
                      "name it"},
        bad_listeners{"listeners=PLAINTEXT://:1\ninter.broker.listener.name=FOO\n",
                      "server.properties:2: inter.broker.listener.name=FOO: listeners doesn't name FOO"},
        bad_listeners{"listeners=PLAINTEXT://:1\ncontroller.listener.names=CONTROLLER\n",
                      "server.properties:2: controller.listener.names=CONTROLLER: listeners doesn't name CONTROLLER, "
                      "and process.roles makes this server a controller"},
        bad_listeners{"listeners=CONTROLLER://:1\ncontroller.listener.names=CONTROLLER\n",
                      "server.properties:1: listeners=CONTROLLER://:1: a broker needs a listener for clients beside "
                      "those of controller.listener.names"},
        bad_listeners{"node.id=1\ncontroller.quorum.voters=1@h:1,2@h:1,1@g:1\n",
                      "server.properties:2: controller.quorum.voters=1@h:1,2@h:1,1@g:1: node 1 is named twice; each "
                      "voter needs a node.id of its own"},
        bad_listeners{"node.id=3\ncontroller.quorum.voters=1@h:1\n",
                      "server.properties:2: controller.quorum.voters=1@h:1: node.id=3 is a controller by "
                      "process.roles, so it must be among the voters"}));

}  // namespace
}  // namespace jackdaw

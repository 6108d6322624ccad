// Asio's types as a shard uses them: bound to the io_context, so that no call goes through a type-erased executor.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>

namespace jackdaw::net {

using asio_context = boost::asio::io_context;
using asio_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, asio_context::executor_type>;
using asio_acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, asio_context::executor_type>;
using asio_timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      asio_context::executor_type>;

// One thread runs the context. Others post to it, and may use what lives on it while that thread sleeps.
inline constexpr int one_thread_runs_it = BOOST_ASIO_CONCURRENCY_HINT_1;

}  // namespace jackdaw::net

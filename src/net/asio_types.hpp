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

// One thread runs the context and touches what lives on it; others only post to it. So its queue has a lock, its
// sockets have none.
inline constexpr int one_thread_and_posts = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

}  // namespace jackdaw::net

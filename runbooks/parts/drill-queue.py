"""Producers and workers for drills of a queue of RabbitMQ.

    drill-queue.py PORT worker NEEDED    take from the queue, ten messages a second; each needs the port NEEDED
    drill-queue.py PORT publish COUNT [TEXT]
    drill-queue.py PORT flood            publish twelve messages a second, for ever
    drill-queue.py PORT depth            how many wait
"""

import signal
import socket
import sys
import time

import pika

QUEUE = "orders"


def channel_of(port):
    """A channel, and the queue."""
    login = pika.PlainCredentials("steady", "opensesame")
    channel = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, "/", login)).channel()
    return channel, channel.queue_declare(QUEUE).method.message_count


def work(channel, needed):
    """Do the work of each message. What fails goes back to the queue."""

    def one(taken, how, _properties, body):
        time.sleep(0.1)
        try:
            if body == b"poison":
                raise ValueError("message 4711 cannot be read")
            socket.create_connection(("127.0.0.1", needed), timeout=1).close()
            taken.basic_ack(how.delivery_tag)
        except (OSError, ValueError) as problem:
            print("back to the queue:", problem, flush=True)
            taken.basic_nack(how.delivery_tag, requeue=True)

    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(QUEUE, one)
    channel.start_consuming()


def deaf(_number, _frame):
    """The connection is lost, and nobody noticed."""
    raise ConnectionError


port, what, *words = sys.argv[1:]
channel, depth = channel_of(int(port))
if what == "depth":
    print(depth)
elif what == "publish":
    for _ in range(int(words[0])):
        channel.basic_publish("", QUEUE, " ".join(words[1:]).encode())
    channel.connection.close()
elif what == "flood":
    begun, sent = time.monotonic(), 0
    while True:
        while sent < 12 * (time.monotonic() - begun):
            channel.basic_publish("", QUEUE, b"order")
            sent += 1
        channel.connection.sleep(0.05)
else:
    signal.signal(signal.SIGUSR1, deaf)
    try:
        work(channel, int(words[0]))
    except ConnectionError:
        channel.connection.close()
        while True:
            time.sleep(3600)

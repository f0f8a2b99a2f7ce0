"""On a kernel's PYTHONPATH: Python's sockets reach this machine and nothing beyond it."""

import socket

LOCAL = ("127.", "::1", "localhost")


def refuse(function):
    def guarded(self, address):
        if self.family != socket.AF_UNIX and not address[0].startswith(LOCAL):
            raise OSError(f"the network is closed in this test: {address}")
        return function(self, address)

    return guarded


def look_up(host, *arguments, found=socket.getaddrinfo, **options):
    if host and not str(host).startswith(LOCAL):
        raise OSError(f"the network is closed in this test: {host}")
    return found(host, *arguments, **options)


socket.socket.connect = refuse(socket.socket.connect)
socket.socket.connect_ex = refuse(socket.socket.connect_ex)
socket.getaddrinfo = look_up

"""A reward over packets and shared memory, with the standard library alone: what `PROTOCOL.md` asks for, and no more."""
import array
import json
import mmap
import os
import signal
import socket
import struct

DESCRIPTION = {
    "name": "frames",
    "version": "1.0",
    "summary": "The longer, the better.",
    "can_be_zero": True,
    "input": os.environ.get("TEST_INPUT", "texts"),
    "parameters": {"type": "object", "properties": {"weight": {"type": "number", "default": 2.0}}},
}


def receive(connection):
    """The next packet and the descriptors that came along."""
    data, along, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(8))
    files = array.array("i")
    for level, kind, content in along:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(content)
    return (json.loads(data) if data else {"type": "close"}), list(files)


def objects(request, memory):
    """What is to be scored."""
    count = request["count"]
    if request["form"] == "states":
        stride = request["stride"]
        words = struct.unpack_from(f"{count * stride}i", memory, request["data"])
        return [words[stride * index : stride * (index + 1)] for index in range(count)]
    ends = struct.unpack_from(f"{count + 1}Q", memory, request["offsets"])
    start = request["data"]
    return [memory[start + ends[index] : start + ends[index + 1]].decode() for index in range(count)]


def score(request, memory, weight):
    """Scores a batch; objects named so make it misbehave."""
    failures = []
    for index, each in enumerate(objects(request, memory[0])):
        status, value = 1, weight * (len(each) if isinstance(each, str) else sum(each))
        if each == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif each == "print":
            print("here I am", flush=True)
        elif each == "zero":
            status = 2
        elif each == "fail":
            status = 3
            failures.append([index, "as it was told"])
        elif each == "stray":
            failures.append([1000, "of another batch"])
        elif each == "both":
            failures.append([index, "and scored"])
        elif each == "other":
            request = {**request, "batch": 999}
        struct.pack_into("d", memory[1], request["log_reward"] + 8 * index, value)
        struct.pack_into("B", memory[1], request["status"] + index, status)
    return {"type": "scored", "batch": request["batch"], "failures": failures}


def main():
    connection = socket.socket(fileno=int(os.environ["GFN_PLUGIN_SOCKET"]))
    assert os.environ["GFN_PLUGIN_PROTOCOL"] == "1"
    memory, weight = None, None
    while True:
        request, files = receive(connection)
        if request["type"] == "close":
            return
        if request["type"] == "memory":
            memory = (
                mmap.mmap(files[0], request["input"], prot=mmap.PROT_READ),
                mmap.mmap(files[1], request["output"]),
            )
            list(map(os.close, files))
            continue
        if request["type"] == "hello":
            weight = (request["parameters"] or {}).get("weight")
            reply = {"type": "ready", "protocol": 1, "description": DESCRIPTION}
        elif request["type"] == "score":
            reply = score(request, memory, weight)
        else:
            reply = {"type": "error", "kind": "failed", "message": f"what is {request['type']}?"}
        connection.send(json.dumps(reply).encode())


main()

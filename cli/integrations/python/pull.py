#!/usr/bin/env python3
"""Pulls a repo through hfgetd and prints its folder: python pull.py org/model [REQUEST_ID]. Stubs: README.md of the folder above."""
import asyncio
import os
import sys

import grpc
from grpc_status import rpc_status
from hfget.v1 import hfget_pb2 as pb
from hfget.v1 import hfget_pb2_grpc

SOCKET = os.environ.get("HFGET_SOCKET") or os.environ.get("XDG_RUNTIME_DIR", "/run") + "/hfget/hfgetd.sock"


def typed(error: grpc.aio.AioRpcError) -> pb.Error:
    """What stands beside the code: cause, source, when to come again, what to do."""
    status, detail = rpc_status.from_call(error), pb.Error(message=error.details())
    any(packed.Unpack(detail) for packed in (status.details if status else ()))
    return detail


async def snapshots(stub, pull_id):
    """Of one pull until it ends, over restarts of the daemon too; none that is still true comes twice."""
    resume_token = ""
    while True:
        try:
            async for news in stub.WatchPull(pb.WatchPullRequest(id=pull_id, resume_token=resume_token)):
                resume_token = news.resume_token
                yield news.pull
            return
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            await asyncio.sleep(0.5)


async def pull(repo: str, request_id: str) -> pb.Pull:
    async with grpc.aio.insecure_channel(f"unix:{SOCKET}") as channel:
        stub = hfget_pb2_grpc.HfgetStub(channel)
        # The same request_id, sent again within 24 h, answers with the same pull: a caller that was killed asks anew.
        request = pb.PullRequest(repo=repo, request_id=request_id, labels={"from": "pull.py"}, wait=pb.PullRequest.WAIT_FILES, wait_files=1)
        pull = (await stub.Pull(request, wait_for_ready=True, timeout=3600)).pull
        async for pull in snapshots(stub, pull.id):
            print(f"{pb.PullState.Name(pull.state)} {pull.done_bytes}/{pull.total_bytes}", file=sys.stderr)
        return pull


if __name__ == "__main__":
    try:
        ended = asyncio.run(pull(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
        error = None if ended.state == pb.PULL_STATE_DONE else ended.error
    except grpc.aio.AioRpcError as failed:
        error = typed(failed)
    if error is not None:
        sys.exit(f"{pb.ErrorCause.Name(error.cause)}: {error.message} {error.action}".strip())
    print(ended.path)

#!/usr/bin/env python3
"""What grpcurl does, with no stubs and no .proto: reflect.py TARGET list | describe NAME | call SERVICE/METHOD [JSON]."""
import json
import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def call(channel, pool, name: str, text: str):
    """Every answer, as JSON: one of a unary call, more of a stream."""
    service, method = name.split("/")
    found = pool.FindServiceByName(service).FindMethodByName(method)
    request = json_format.Parse(text, GetMessageClass(found.input_type)())
    kind = channel.unary_stream if found.server_streaming else channel.unary_unary
    answers = kind(f"/{name}", request_serializer=lambda m: m.SerializeToString(), response_deserializer=GetMessageClass(found.output_type).FromString)(request)
    for answer in answers if found.server_streaming else [answers]:
        print(json.dumps(json_format.MessageToDict(answer, preserving_proto_field_name=True)))


def main(target: str, verb: str, name: str = "", text: str = "{}"):
    with grpc.insecure_channel(target) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        pool = DescriptorPool(database)
        if verb == "list":
            print("\n".join(sorted(database.get_services())))
        elif verb == "describe":
            for method in pool.FindServiceByName(name).methods:
                print(f"{method.name}({method.input_type.full_name}) -> {'stream ' * method.server_streaming}{method.output_type.full_name}")
        elif verb == "call":
            call(channel, pool, name, text)
        else:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
    except (KeyError, ValueError, TypeError, json_format.ParseError) as error:
        sys.exit(f"{error}\n{__doc__}")

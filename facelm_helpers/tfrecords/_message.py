"""The message in a record, ``tf.train.Example``, read without TensorFlow.

Workers that train by JAX on a graphics card read records too, and TensorFlow beside it would reserve the
card's memory for itself. The message is a Protocol Buffer, so its definition is all that is needed; its names
and numbers are those of TensorFlow's ``example.proto`` and ``feature.proto``.
"""

from functools import cache

DEFINITION = """
name: "example.proto" package: "records" syntax: "proto3"
message_type { name: "BytesList"
  field { name: "value" number: 1 type: TYPE_BYTES label: LABEL_REPEATED } }
message_type { name: "FloatList"
  field { name: "value" number: 1 type: TYPE_FLOAT label: LABEL_REPEATED } }
message_type { name: "Int64List"
  field { name: "value" number: 1 type: TYPE_INT64 label: LABEL_REPEATED } }
message_type { name: "Feature" oneof_decl { name: "kind" }
  field { name: "bytes_list" number: 1 type: TYPE_MESSAGE type_name: ".records.BytesList" oneof_index: 0 }
  field { name: "float_list" number: 2 type: TYPE_MESSAGE type_name: ".records.FloatList" oneof_index: 0 }
  field { name: "int64_list" number: 3 type: TYPE_MESSAGE type_name: ".records.Int64List" oneof_index: 0 } }
message_type { name: "Features"
  field { name: "feature" number: 1 type: TYPE_MESSAGE label: LABEL_REPEATED
          type_name: ".records.Features.FeatureEntry" }
  nested_type { name: "FeatureEntry" options { map_entry: true }
    field { name: "key" number: 1 type: TYPE_STRING }
    field { name: "value" number: 2 type: TYPE_MESSAGE type_name: ".records.Feature" } } }
message_type { name: "Example"
  field { name: "features" number: 1 type: TYPE_MESSAGE type_name: ".records.Features" } }
"""


@cache
def _example():
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

    pool = descriptor_pool.DescriptorPool()  # its own: TensorFlow may be loaded too
    pool.Add(text_format.Parse(DEFINITION, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("records.Example"))


def features(content):
    """The features of a record's bytes, by name, each with ``bytes_list``, ``float_list`` and ``int64_list``.

    Examples
    --------
    >>> sorted(features(bytes([10, 7, 10, 5, 10, 1, 97, 18, 0])))
    ['a']
    """
    return _example().FromString(content).features.feature

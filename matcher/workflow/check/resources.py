"""Check the Resource of a Task: a name of one's own, or an ARN of what AWS can call, in a way it can be called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from matcher.workflow.asl.machine import Json
from matcher.workflow.check.diagnostic import Code, Place, shown
from matcher.workflow.check.values import text

__all__ = ["resource"]

_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:(?P<service>[^:]+):(?P<region>[^:]*):(?P<account>[^:]*):(?P<name>.+)", re.DOTALL
)
_CALL: Final = re.compile(r"(?P<service>[\w-]+):(?P<action>\w+)(?P<pattern>\.\w+(:2)?)?")
_SDK: Final = re.compile(r"aws-sdk:\w+:\w+(?P<pattern>\.waitForTaskToken)?")

#: The services AWS has an optimized integration with: their actions, and how each can be called besides plainly.
#: s: `.sync`, 2: `.sync:2`, t: `.waitForTaskToken`. Source: the developer guide's list of optimized integrations.
_INTEGRATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    service: {name: ways for name, _, ways in (action.partition("/") for action in actions.split())}
    for service, actions in {
        "apigateway": "invoke/t",
        "athena": "startQueryExecution/s stopQueryExecution getQueryExecution getQueryResults",
        "batch": "submitJob/s",
        "bedrock": "invokeModel createModelCustomizationJob/s",
        "codebuild": "startBuild/s stopBuild batchDeleteBuilds batchGetReports startBuildBatch/s stopBuildBatch "
        "retryBuildBatch/s deleteBuildBatch",
        "databrew": "startJobRun/s",
        "dynamodb": "getItem putItem deleteItem updateItem",
        "ecs": "runTask/st",
        "eks": "createCluster/s deleteCluster/s createFargateProfile/s deleteFargateProfile/s createNodegroup/s "
        "deleteNodegroup/s runJob/s call",
        "elasticmapreduce": "createCluster/s terminateCluster/s addStep/s cancelStep setClusterTerminationProtection "
        "modifyInstanceFleetByName modifyInstanceGroupByName",
        "emr-containers": "createVirtualCluster deleteVirtualCluster/s startJobRun/s",
        "emr-serverless": "createApplication/s startApplication/s stopApplication/s deleteApplication/s startJobRun/s "
        "cancelJobRun/s",
        "events": "putEvents/t",
        "glue": "startJobRun/s",
        "http": "invoke",
        "lambda": "invoke/t",
        "mediaconvert": "createJob/s",
        "sagemaker": "createEndpoint createEndpointConfig createHyperParameterTuningJob/s createLabelingJob/s "
        "createModel createProcessingJob/s createTrainingJob/s createTransformJob/s updateEndpoint",
        "sns": "publish/t",
        "sqs": "sendMessage/t",
        "states": "startExecution/s2t",
    }.items()
}
_WAYS: Final = {".sync": "s", ".sync:2": "2", ".waitForTaskToken": "t"}


def resource(place: Place, value: Json) -> None:
    """Whatever is no ARN of AWS is a name under which a callable is registered."""
    if not text(place, value, empty=False) or not value.startswith("arn:aws"):
        return
    arn = _ARN.fullmatch(value)
    if arn is None:
        place.error(shown(value), "an ARN of six parts, or a name of your own", code=Code.RESOURCE)
    elif arn["service"] == "states":
        _states(place, arn)
    elif arn["service"] != "lambda":
        place.error(
            shown(value),
            "the ARN of a Lambda function, an activity, or an integration as arn:aws:states:::sqs:sendMessage",
            code=Code.RESOURCE,
        )


def _states(place: Place, arn: re.Match[str]) -> None:
    name = arn["name"]
    if arn["region"] or arn["account"]:
        if not name.startswith("activity:"):
            place.error(
                shown(name),
                "activity:name; a state machine is run by arn:aws:states:::states:startExecution",
                code=Code.RESOURCE,
            )
        elif place.express:
            place.error("an activity", "no activity: Express workflows have none")
        return
    sdk, call = _SDK.fullmatch(name), _CALL.fullmatch(name)
    pattern = ""
    if sdk is not None:
        pattern = sdk["pattern"] or ""
    elif name.startswith("aws-sdk:") or call is None or not _known(call):
        place.error(shown(name), _wanted(call), "the resource is not recognized", code=Code.SCHEMA)
    else:
        pattern = call["pattern"] or ""
    if pattern and place.express:
        place.error(
            f"the service integration {pattern}", "no such integration: Express workflows do not wait for others"
        )


def _known(call: re.Match[str]) -> bool:
    ways = _INTEGRATIONS.get(call["service"], {}).get(call["action"])
    return ways is not None and (call["pattern"] is None or _WAYS.get(call["pattern"], "-") in ways)


def _wanted(call: re.Match[str] | None) -> str:
    actions = _INTEGRATIONS.get(call["service"], {}) if call else {}
    if call and call["action"] in actions:
        ways = [pattern for pattern, way in _WAYS.items() if way in actions[call["action"]]]
        return f"{call['service']}:{call['action']} alone" + "".join(f" or with {way}" for way in ways)
    if call and actions:
        return f"an action of {call['service']}: {', '.join(actions)}; or aws-sdk:{call['service']}:action"
    return "an integration as sqs:sendMessage, or aws-sdk:service:action"

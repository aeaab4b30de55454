-- Any new value of the annotation asks the operator for an evaluation.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["segmentation.dev/evaluate"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj

-- The health that Argo CD shows of a Segment or a SegmentStore: kstatus, read from its conditions.
-- A status that speaks of an older generation says nothing about this one.
if obj.status == nil or (obj.status.observedGeneration or -1) < 0 then
  return {status = "Progressing", message = "the operator has not seen it yet"}
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the operator has not seen this generation yet"}
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is_true(name)
  return conditions[name] ~= nil and conditions[name].status == "True"
end

local function say(status, name)
  local condition = conditions[name]
  local message = condition.reason
  if condition.message ~= nil and condition.message ~= "" then
    message = message .. ": " .. condition.message
  end
  return {status = status, message = message}
end

if is_true("Stalled") then
  return say("Degraded", "Stalled")
end
if is_true("RemovalHeld") then -- members of removed Segments stay until a person confirms
  return say("Degraded", "RemovalHeld")
end
if is_true("Suspended") then
  return say("Suspended", "Suspended")
end
if is_true("Reconciling") then
  return say("Progressing", "Reconciling")
end
if is_true("Ready") then
  return say("Healthy", "Ready")
end
if conditions["Ready"] ~= nil then
  return say("Progressing", "Ready")
end
return {status = "Progressing", message = "the operator has not said yet whether it is ready"}

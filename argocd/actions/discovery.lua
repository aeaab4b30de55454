-- What people may do with a Segment in Argo CD.
local suspended = obj.spec.suspend == true
local actions = {}
actions["suspend"] = {iconClass = "fa fa-fw fa-pause", disabled = suspended}
actions["resume"] = {iconClass = "fa fa-fw fa-play", disabled = not suspended}
actions["re-evaluate"] = {iconClass = "fa fa-fw fa-refresh", disabled = suspended}
return actions

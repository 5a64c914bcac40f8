{{- define "steadyhand.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "steadyhand.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "steadyhand.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "steadyhand.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "steadyhand.selector" -}}
app.kubernetes.io/name: {{ include "steadyhand.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "steadyhand.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "steadyhand.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "steadyhand.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "steadyhand.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* steady.yaml: the settings of the values, with what the chart itself decides. */ -}}
{{- define "steadyhand.settings" -}}
{{- $given := deepCopy .Values.settings -}}
{{- $_ := unset $given "store" -}}
{{- $server := merge (dict "listen" "0.0.0.0:8420" "metrics" (dict "from" .Values.metrics.from)) (get $given "server" | default dict) -}}
{{- if and .Values.ingress.enabled (not (hasKey $server "url")) -}}
{{- $scheme := ternary "https" "http" (ne .Values.ingress.tlsSecret "") -}}
{{- $_ := set $server "url" (printf "%s://%s" $scheme .Values.ingress.host) -}}
{{- end -}}
{{- toYaml (set $given "server" $server) -}}
{{- end -}}

{{- define "steadyhand.sqlite" -}}
{{- if eq .Values.store.kind "sqlite" -}}yes{{- end -}}
{{- end -}}

{{- /* What cannot be, told in words before anything is made. */ -}}
{{- define "steadyhand.checked" -}}
{{- if and (include "steadyhand.sqlite" .) (gt (int .Values.replicas) 1) -}}
{{- fail "several replicas cannot share a store in SQLite: set replicas to 1, or store.kind to postgresql" -}}
{{- end -}}
{{- if and (eq .Values.store.kind "postgresql") (not .Values.store.urlSecret.name) -}}
{{- fail "store.kind is postgresql: name the secret with the address of the database in store.urlSecret.name" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.enabled is true: name the host in ingress.host" -}}
{{- end -}}
{{- end -}}

{{- define "steadyhand.pod" -}}
metadata:
  labels:
    {{- include "steadyhand.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A change of the settings starts the pods anew; they hand their runs over.
    checksum/config: {{ printf "%s%s" (include "steadyhand.settings" .) (toYaml .Values.runbooks) | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "steadyhand.account" . }}
  automountServiceAccountToken: {{ gt (len .Values.serviceAccount.rules) 0 }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: steadyhand
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --log-format, json]
      ports:
        - {name: http, containerPort: 8420, protocol: TCP}
      env:
        - {name: HOME, value: /data}
        - {name: STEADY_CONFIG, value: /config/steady.yaml}
        {{- if include "steadyhand.sqlite" . }}
        - {name: STEADY_STORE, value: /data/journal.db}
        {{- else }}
        - name: STEADY_STORE
          valueFrom:
            secretKeyRef: {name: {{ .Values.store.urlSecret.name }}, key: {{ .Values.store.urlSecret.key }}}
        {{- end }}
        {{- with .Values.traces.endpoint }}
        - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
        {{- end }}
        {{- with .Values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.envFromSecrets }}
      envFrom:
        {{- range . }}
        - secretRef: {name: {{ . }}}
        {{- end }}
      {{- end }}
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp}
        - {name: config, mountPath: /config/steady.yaml, subPath: steady.yaml, readOnly: true}
        - {name: runbooks, mountPath: /config/runbooks, readOnly: true}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    - name: config
      configMap: {name: {{ include "steadyhand.fullname" . }}}
    - name: runbooks
      configMap: {name: {{ include "steadyhand.fullname" . }}-runbooks}
    {{- if not (include "steadyhand.sqlite" .) }}
    - name: data
      emptyDir: {}
    {{- else if .Values.store.existingClaim }}
    - name: data
      persistentVolumeClaim: {claimName: {{ .Values.store.existingClaim }}}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

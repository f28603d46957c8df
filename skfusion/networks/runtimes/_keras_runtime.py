"""KerasRuntime: networks computed by Keras, on whichever backend it runs."""

from skfusion.networks.runtimes._keras import jit_compile
from skfusion.networks.runtimes._runtime import Runtime
from skfusion.networks.runtimes._tracing import predict_batch


class KerasRuntime(Runtime):
    """Compute networks that are stored as Keras's configuration and weights."""

    compiles_batch_shapes = True

    def load(self, network):
        """Build the Keras model and its compiled prediction function."""
        model = network.to_model()
        model.jit_compile = jit_compile()
        model.make_predict_function()
        return model

    def run(self, model, batch):
        """Compute the outputs of one batch."""
        return predict_batch(model, batch)
